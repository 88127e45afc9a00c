vacuum into 'copy.db'
