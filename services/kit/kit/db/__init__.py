"""The database of one service: transactions, tables, personal columns, migrations."""
