select * from dbstat
