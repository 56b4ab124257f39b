"""For how long what is kept, as rules that noun by noun meet rows in SQL."""
