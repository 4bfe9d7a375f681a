"""The reference scenarios of samescore: demand, recommender and spam, from public data to a fitted model."""
