"""The ground: words, errors, canonical bytes, time and chance, personal values, law as data. It imports no room."""
