"""How good and how fast search is, beside what else could search: plain FTS5 and Tantivy."""
