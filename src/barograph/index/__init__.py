"""The built-in index: documents kept in an embedded database, searched in the query language of Elasticsearch and OpenSearch.

A landing place for analysis, not a search engine: no relevance, no analysers, no shards. The room knows nothing of jobs.
"""
