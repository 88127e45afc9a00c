select rowid, _rowid_, oid from main.customers
