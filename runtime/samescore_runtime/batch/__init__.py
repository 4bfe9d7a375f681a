"""Files of rows to files of scores, in chunks of bounded memory."""
