pragma writable_schema = on;
update sqlite_schema set sql = sql
