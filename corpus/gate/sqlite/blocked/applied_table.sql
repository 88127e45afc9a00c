select * from main.sekisho_applied
