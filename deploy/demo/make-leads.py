#!/usr/bin/env python3
"""Writes leads.csv for the demo: invented people on valid numbers of many US area codes, and rows that are wrong.

The same output at every run (fixed seed). The numbers are well-formed but belong to nobody here: the demo calls them
only on the embedded phone network. Usage: make-leads.py > leads.csv
"""

import random
import sys

AREA_CODES = {
    # Eastern, Central, Mountain and Pacific; one zone each, taken from the North American numbering plan.
    "eastern": [212, 305, 404, 412, 617, 704, 716, 803, 919, 978],
    "central": [214, 312, 314, 405, 504, 512, 612, 615, 713, 816],
    "mountain": [303, 385, 406, 505, 719, 801],
    "pacific": [206, 213, 310, 415, 503, 619, 702, 916],
}
FIRST = "Ada Ben Chloe Dan Ella Finn Grace Hugo Iris Jack Kara Liam Maya Noah Olive Pete Quinn Rosa Sam Tara Uma Vic Wren Xena Yara Zane".split()
LAST = "Abbott Barnes Castillo Dunn Ellis Foster Garza Hayes Ingram Jensen Knox Lowe Mercer Nolan Ortiz Pratt Quigley Reyes Stone Tran Usher Vance Walsh Xu Young Zeller".split()
TRADE = "Dental Plumbing Roofing Logistics Bakery Landscaping Fitness Accounting Catering Printing Optical Veterinary".split()
INTEREST = ["enterprise_plan", "trial", "pricing", "demo"]
BAD = {
    37: ("Nora", "Shaw", "Shaw Dental", "12345", "pricing"),
    141: ("Otto", "Kern", "Kern Roofing", "", "demo"),
    333: ("Ivy", "Lamb", "Lamb Bakery", "call me maybe", "trial"),
    512: ("Gus", "Pope", "Pope Optical", "+1 555 010", "trial"),
    777: ("Lena", "Voss", "Voss Catering", "+999 123 456 789", "demo"),
}


def main() -> None:
    generator = random.Random(20260302)
    numbers: set[str] = set()
    rows = []
    codes = [code for group in AREA_CODES.values() for code in group]
    while len(rows) < 1000:
        number = f"{generator.choice(codes)}{generator.randint(220, 989)}{generator.randint(0, 9999):04d}"
        if number in numbers or number[3:6] in ("555", "911", "976", "950") or number[4:6] == "11":
            continue
        numbers.add(number)
        first, last = generator.choice(FIRST), generator.choice(LAST)
        pattern = generator.choice(["+1{0}{1}{2}", "({0}) {1}-{2}", "{0}-{1}-{2}", "{0}.{1}.{2}"])
        phone = pattern.format(number[:3], number[3:6], number[6:])
        rows.append((first, last, f"{last} {generator.choice(TRADE)}", phone, generator.choice(INTEREST)))
    out = sys.stdout
    out.write("first_name,last_name,company,phone,email,interest\n")
    for index, row in enumerate(rows):
        if index in BAD:
            write(out, BAD[index])
        if index == 600:
            out.write("Ralph,Extra,Extra Printing,+12125550000,ralph@example.com,trial,one,cell,too,many\n")
        if index in (250, 800):
            write(out, rows[index - 100])  # the same person twice
        write(out, row)


def write(out, row) -> None:
    first, last, company, phone, interest = row
    email = f"{first}.{last}@example.com".lower()
    quoted = f'"{company}, Inc."' if len(company) % 5 == 0 else company
    out.write(f"{first},{last},{quoted},{phone},{email},{interest}\n")


main()
