truncate benchmark.staged;
