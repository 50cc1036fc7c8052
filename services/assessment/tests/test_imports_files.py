"""What clerks send: files of many programs, headings, words and signs; one elder in each is meant
as it was typed, or the cell is refused that lost what was typed.
"""

import io
import zipfile
from xml.sax.saxutils import escape

import pytest

from assessment.imports import files
from assessment.imports.cells import defused
from assessment.imports.errors import NotACsv
from assessment.testing import HOME, an_id_number

NUMBER = an_id_number()
HEADINGS = (
    "姓名,身份证号码（必填）,联系电话,现住址,社区代码,居住情况,困难类别,本地户籍,认定日期,备注"
)
SHEET = """<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<sheetData>{rows}</sheetData>{merged}</worksheet>"""
PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Target="xl/workbook.xml" Type="http://schemas.openxmlformats.org'
        '/officeDocument/2006/relationships/officeDocument"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="老人" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Target="worksheets/sheet1.xml" Type="http://schemas'
        '.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>'
        '<Relationship Id="rId2" Target="styles.xml" Type="http://schemas.openxmlformats.org'
        '/officeDocument/2006/relationships/styles"/></Relationships>'
    ),
    "xl/styles.xml": (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
        "</styleSheet>"
    ),
}


class Day(float):
    """A day as a workbook keeps it: a number in the form of a date."""


def a_workbook(rows: list[list[object]], merged: tuple[str, ...] = ()) -> bytes:
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = [
            _cell(f"{chr(65 + column)}{number}", value)
            for column, value in enumerate(row)
            if value is not None
        ]
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    ranges = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
    sheet = SHEET.format(
        rows="".join(lines), merged=f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
    )
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as parts:
        for name, text in {**PARTS, "xl/worksheets/sheet1.xml": sheet}.items():
            parts.writestr(name, text)
    return data.getvalue()


def _cell(place: str, value: object) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    style = ' s="1"' if isinstance(value, Day) else ""
    return f'<c r="{place}"{style}><v>{float(value)!r}</v></c>'


def the_elder(data: bytes) -> dict[str, object]:
    """What the one row of a file means."""
    columns, rows = files.read(data)
    ((_, cells),) = rows
    command, faults = files.parsed(columns, cells)
    assert faults == []
    return {field.name: value for field, value in command.ListFields()}


def the_fault(name: str, cell: str) -> str:
    """What is said of one cell beside good ones."""
    row = {"name": "张三", "id_number": NUMBER, "area_code": HOME, "living": "独居"} | {name: cell}
    lines = [",".join(row), ",".join(f'"{text}"' for text in row.values())]
    columns, rows = files.read("\n".join(lines).encode())
    _, faults = files.parsed(columns, rows[0][1])
    return "; ".join(f"{fault.field} {fault.text}" for fault in faults)


MEANT = {
    "name": "阿卜杜拉·买买提",
    "id_number": NUMBER,
    "phone": "13800000001",
    "address": "花园路2号",
    "area_code": HOME,
    "living": 1,
    "hardships": [1, 5],
    "local_register": True,
    "hardships_on": "2025-11-03",
}
ROW = f"阿卜杜拉 • 买买提,'{NUMBER},138 0000 0001,花园路2号,{HOME},独居,低保、重残,是,2025/11/3,无"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_file_is_read_as_it_was_typed_whatever_program_saved_it(encoding: str, delimiter: str):
    text = f"{HEADINGS}\r\n{ROW}\r\n".replace(",", delimiter)

    assert the_elder(text.encode(encoding)) == MEANT


def test_a_workbook_is_read_with_title_merged_cells_numbers_and_days():
    rows = [
        ["滁州市老年人登记表", None],
        [*HEADINGS.split(",")],
        ["阿卜杜拉·买买提", NUMBER, 13800000001, "花园路2号", int(HOME), "独居"],
        ["李　明", an_id_number(), 13800000002, "花园路3号", None, "独居", None, None, None, "无"],
    ]
    rows[2] += ["低保;重残", "是", Day(45964), "首批"]

    columns, found = files.read(a_workbook(rows, ("A1:J1", "E3:E4")))
    commands = [files.parsed(columns, cells) for _, cells in found]

    first, second = (command for command, _ in commands)
    assert [faults for _, faults in commands] == [[], []]
    assert {field.name: value for field, value in first.ListFields()} == MEANT
    assert (second.name, second.area_code) == ("李明", HOME)
    assert [line for line, _ in found] == [3, 4]


@pytest.mark.parametrize(
    "name", ["李明", "𠮷野𡋾", "欧阳修文", "阿卜杜拉·买买提·艾力", "买买提" * 6 + "艾力"]
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_names_of_every_length_and_plane_are_kept(name: str, encoding: str):
    data = f"姓名,身份证号,区划代码,居住情况\n{name},{NUMBER},{HOME},独居\n".encode(encoding)

    assert the_elder(data)["name"] == name


def test_a_number_of_fifteen_digits_is_the_same_persons():
    data = f"name,id_number,area_code,living\n张三,{NUMBER[:6]}{NUMBER[8:17]},{HOME},1\n".encode()

    assert the_elder(data)["id_number"] == NUMBER


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        ("id_number", "3.41102E+17", "lost digits"),
        ("area_code", "3.41102E+11", "lost digits"),
        ("phone", "1.38E+10", "lost digits"),
        ("name", "张?", "character that was lost"),
        ("name", "锟斤拷", "character that was lost"),
        ("living", "独自", "none of ALONE"),
        ("hardships", "低保、富裕", "none of DIBAO"),
    ],
)
def test_what_lost_its_meaning_is_refused_by_field(column: str, cell: str, text: str):
    found = the_fault(column, cell)

    assert found.startswith(f"{column} ")
    assert text in found
    assert cell not in found


def test_a_workbooks_number_of_eighteen_digits_is_refused_and_never_rounded():
    header = ["name", "id_number", "area_code", "living"]
    data = a_workbook([header, ["张三", int(NUMBER[:17]) * 10, int(HOME), 1]])

    columns, ((_, cells),) = files.read(data)
    _, faults = files.parsed(columns, cells)

    assert [fault.field for fault in faults] == ["id_number"]


@pytest.mark.parametrize(
    ("column", "cell", "meant"),
    [
        ("id_number", f'="{NUMBER}"', NUMBER),
        ("id_number", f"\u200e{NUMBER[:6]} {NUMBER[6:]}", NUMBER),
        ("id_number", "".join(chr(ord(one) + 0xFEE0) for one in NUMBER), NUMBER),
        ("phone", "(0550)3012345", "0550-3012345"),
        ("phone", "+86 138-0000-0001", "+86138-0000-0001"),
        ("phone", "１３８００００００１", "138000000 1".replace(" ", "")),
        ("name", "李\u200b小\u00a0明", "李小明"),
        ("living", "2.0", 2),
        ("hardships_on", "45964", "2025-11-03"),
        ("hardships_on", "2025年11月3日", "2025-11-03"),
    ],
)
def test_marks_and_habits_change_nothing(column: str, cell: str, meant: object):
    row = {"name": "张三", "id_number": NUMBER, "area_code": HOME, "living": "1"} | {column: cell}
    quoted = ",".join('"' + text.replace('"', '""') + '"' for text in row.values())

    assert the_elder(f"{','.join(row)}\n{quoted}\n".encode())[column] == meant


@pytest.mark.parametrize("read_as", ["gb18030", "latin-1"])
def test_a_file_that_was_read_as_another_encoding_is_refused(read_as: str):
    text = f"{HEADINGS}\n{ROW}\n".encode().decode(read_as, errors="ignore")

    with pytest.raises(NotACsv, match="another encoding"):
        files.read(text.encode())


def test_bytes_that_are_greek_in_one_encoding_and_chinese_in_the_other_are_chinese():
    data = f"name,id_number,area_code,living\n隆垄,{NUMBER},{HOME},1\n".encode("gb18030")
    assert "隆" not in data.decode("utf-8")  # it is UTF-8 as well

    assert the_elder(data)["name"] == "隆垄"


@pytest.mark.parametrize("data", [b"PK\x03\x04 no zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 no"])
def test_a_damaged_workbook_is_refused(data: bytes):
    with pytest.raises(NotACsv, match="damaged"):
        files.read(data)


@pytest.mark.parametrize(
    "far",
    [
        b'<c r="XFD1048576"><v>1</v></c></row>',
        b"<c\n r='ALL200000'><v>1</v></c></row>",
        b'</row><row r="1048576"><c r="CV1048576"><v>1</v></c></row>',
    ],
)
@pytest.mark.parametrize("folder", [b"worksheets/", b"sheets/"])
def test_a_cell_far_away_takes_no_room(far: bytes, folder: bytes):
    data = a_workbook([["name"]])
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for part in old.namelist():
            text = old.read(part).replace(b"worksheets/", folder).replace(b"</row>", far)
            new.writestr(part.replace("worksheets/", folder.decode()), text)

    with pytest.raises(NotACsv, match="too far"):
        files.read(made.getvalue())


@pytest.mark.parametrize("part", ["content.xml", "xl/workbook.bin"])
def test_a_workbook_of_another_kind_is_refused_by_name(part: str):
    data = io.BytesIO(a_workbook([["name"]]))
    with zipfile.ZipFile(data, "a") as parts:
        parts.writestr(part, "")

    with pytest.raises(NotACsv, match=r"save it as \.xlsx"):
        files.read(data.getvalue())


def test_a_header_of_two_lines_names_the_parts_of_its_groups():
    upper = ["姓名", "身份证号", "社区代码", "居住情况", "紧急联系人", None]
    lower = [None, None, None, None, "姓名", "电话"]
    row = ["张三", NUMBER, HOME, "独居", "李四", 13800000001]
    meant = {"contact_name": "李四", "contact_phone": "13800000001"}
    merged = ("A1:A2", "B1:B2", "C1:C2", "D1:D2", "E1:F1")
    as_csv = [",".join(str(cell or "") for cell in line) for line in (upper, lower, row)]

    for data in (a_workbook([upper, lower, row], merged), "\n".join(as_csv).encode()):
        found = the_elder(data)
        assert {name: found[name] for name in meant} == meant
        assert found["name"] == "张三"
    one_line = a_workbook([upper[:4], [None] * 4, row[:4]], merged[:4])
    assert the_elder(one_line)["living"] == 1


@pytest.mark.parametrize(
    ("headings", "chinese"),
    [
        ("姓名,身份证号,社区代码", "标题行缺少 居住情况 列"),
        ("姓名,姓名,证件号码,村代码,居住状况", "姓名 列重复"),
    ],
)
def test_a_column_is_named_as_the_clerk_knows_it(headings: str, chinese: str):
    with pytest.raises(NotACsv) as caught:
        files.read(f"{headings}\n".encode())

    assert chinese in caught.value.phrase.zh


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_utf16_without_its_mark_is_refused_by_name(encoding: str):
    with pytest.raises(NotACsv, match="UTF-16 without its mark"):
        files.read(f"{HEADINGS}\r\n{ROW}\r\n".encode(encoding))


@pytest.mark.parametrize("delimiter", ["\t", ";", ","])
def test_a_title_above_the_header_line_hides_no_delimiter(delimiter: str):
    text = f"滁州市老年人登记表\n{HEADINGS}\n{ROW}\n".replace(",", delimiter)

    assert the_elder(text.encode()) == MEANT


@pytest.mark.parametrize("dot", [".", "．", "。", "˙", "●", " ▪ "])
def test_every_dot_between_the_parts_of_a_name_is_one(dot: str):
    assert the_elder(f"{HEADINGS}\n{ROW.replace(' • ', dot)}\n".encode()) == MEANT


def test_a_word_that_is_none_of_a_column_is_answered_with_the_words_that_are():
    columns, rows = files.read(f"{HEADINGS}\n{ROW.replace('独居', '孤寡')}\n".encode())
    _, [fault] = files.parsed(columns, rows[0][1])

    assert fault.text.zh == ("不是以下任何一项：独居、与配偶同住、与子女同住、留守、机构")


@pytest.mark.parametrize("cell", ["=1+1", "+86138", "-1", "@SUM(A1)", "\tx", "＝1"])
def test_no_cell_that_is_written_is_a_formula_and_reading_it_takes_the_mark_away(cell: str):
    assert defused(cell) == f"'{cell}"
    row = f'name,id_number,area_code,living,address\n张三,{NUMBER},{HOME},1,"{defused(cell)}"\n'

    assert the_elder(row.encode())["address"] == cell.strip()
