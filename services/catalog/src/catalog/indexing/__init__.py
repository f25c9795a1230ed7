"""Entries of search that older rules have made, made anew."""
