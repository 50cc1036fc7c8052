"""Keeps events; lets days leave as files, and come back; says which days are files."""
