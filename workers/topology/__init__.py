"""The broker's topology: planned as data, declared, written as definitions, and examined by the doctor."""
