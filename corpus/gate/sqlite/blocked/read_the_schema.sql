select sql from sqlite_schema;
select sql from sqlite_temp_schema;
select name from sqlite_temp_master
