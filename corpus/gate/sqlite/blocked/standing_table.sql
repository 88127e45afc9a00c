select * from main.sekisho_standing_of
