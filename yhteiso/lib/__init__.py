"""Small tools that know nothing of families, cases or the database: days, identity codes, names, texts, paper."""
