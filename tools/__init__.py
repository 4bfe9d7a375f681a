"""Commands for those who work on samescore; the Makefile calls them."""
