"""ASAP 4.2, 4.2A, 4.2B and 5.0: the file in which pharmacies report what they dispensed (R45).

``reader.Reading`` reads and checks a file chunk by chunk, ``check.check_file`` gives its report alone,
``writer`` writes files that the reader reads back equal. Every field stands once, in ``fields.csv``.
"""
