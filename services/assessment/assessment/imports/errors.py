"""What is refused about files of elders, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Refusal

NO_HEADER = Phrase("it is empty, without a header line", "文件为空，没有标题行", key="NO_HEADER")
NOT_UTF8 = Phrase(
    "line {line} is not UTF-8 and not GB18030; save the file as CSV UTF-8",
    "第 {line} 行既不是 UTF-8 也不是 GB18030，请另存为 CSV UTF-8",
    key="NOT_UTF8",
)
NO_TEXT = Phrase(
    "it is UTF-16 without its mark, or no text; save the file as CSV UTF-8",
    "文件是没有标记的 UTF-16，或不是文本，请另存为 CSV UTF-8",
    key="NO_TEXT",
)
MISREAD = Phrase(
    "its texts are UTF-8 that was read as another encoding; save the original again",
    "文本是按其他编码读取的 UTF-8，请重新保存原文件",
    key="MISREAD",
)
WORKBOOK_DAMAGED = Phrase(
    "the workbook is damaged, or has a password", "工作簿已损坏或设有密码", key="WORKBOOK_DAMAGED"
)
NO_SHEET = Phrase("the workbook has no visible sheet", "工作簿没有可见的工作表", key="NO_SHEET")
WORKBOOK_TOO_LARGE = Phrase("the workbook is too large", "工作簿过大", key="WORKBOOK_TOO_LARGE")
NO_XLSX = Phrase(
    "it is a workbook of another kind; save it as .xlsx",
    "工作簿是其他格式，请另存为 .xlsx",
    key="NO_XLSX",
)
CELL_FAR_AWAY = Phrase(
    "a cell of the workbook stands too far away from the others",
    "工作簿中有单元格离其他单元格过远",
    key="CELL_FAR_AWAY",
)
COLUMN_MISSING = Phrase(
    "column {name} is missing in the header line", "标题行缺少 {name} 列", key="COLUMN_MISSING"
)
COLUMN_UNKNOWN = Phrase(
    "column {name!r} is unknown; columns are {columns}",
    "没有 {name!r} 列；可用的列：{columns}",
    key="COLUMN_UNKNOWN",
)
COLUMN_TWICE = Phrase(
    "column {name} stands twice in the header line", "标题行中 {name} 列重复", key="COLUMN_TWICE"
)
REPEATED = Phrase(
    "the ID number of line {line} stands in {most} lines before; a person stands in one",
    "第 {line} 行的身份证号在此前 {most} 行中已出现；每人只填一行",
    key="REPEATED",
)
QUOTES = Phrase(
    "line {line}: its quotation marks cannot be read", "第 {line} 行的引号无法读取", key="QUOTES"
)
# what is wrong with a cell or a row
CELLS = Phrase(
    "the row has {cells} cells, the header {columns}",
    "本行有 {cells} 个单元格，标题行有 {columns} 个",
    key="CELLS",
)
CHARACTER_LOST = Phrase(
    "holds a sign for a character that was lost when the file was saved",
    "含有保存文件时丢失字符后留下的符号",
    key="CHARACTER_LOST",
)
DIGITS_LOST = Phrase(
    "is a number that has lost digits; format the column as text",
    "数字已丢失位数，请将该列设为文本格式",
    key="DIGITS_LOST",
)
NONE_OF = Phrase("is none of {names}", "不是以下任何一项：{names}", key="NONE_OF")
NEITHER_TRUE_NOR_FALSE = Phrase(
    "is neither true nor false", "应填是或否", key="NEITHER_TRUE_NOR_FALSE"
)
NO_DEGREES = Phrase("is no number of degrees", "应为以度表示的数字", key="NO_DEGREES")
AREA_NOT_YOURS = Phrase(
    "the area does not lie in {area_code}", "该区划不在 {area_code} 之内", key="AREA_NOT_YOURS"
)
KNOWN_ALREADY = Phrase(
    "an elder with this ID number is registered already",
    "该身份证号的老年人已登记",
    key="KNOWN_ALREADY",
)
KNOWN_WITH_OTHER_FIELDS = Phrase(
    "the elder is registered with another {field}; change it there",
    "该老年人已登记，{field} 与此不同，请在档案中更改",
    key="KNOWN_WITH_OTHER_FIELDS",
)


class Unreadable(ValueError):
    """A cell cannot be read; the phrase, `args[0]`, does not repeat the refused value."""

    def __init__(self, phrase: Phrase) -> None:
        super().__init__(phrase)
        self.phrase = phrase


class NoAreaOfYourOwn(Refusal):
    """An import belongs to an official's area, and the caller's token names none."""

    text = Phrase("the caller's token names no area", "调用者的令牌没有写明区划")


class NotACsv(Refusal):
    """The file as a whole cannot be read as a CSV file of elders."""

    field = "data"
    text = Phrase("the file cannot be read: {why}", "无法读取文件：{why}")


class ImportEnded(Conflict):
    """Nothing is under way any more that could be cancelled."""

    field = "import_id"
    text = Phrase("import {import_id} has ended: {state}", "导入任务 {import_id} 已结束：{state}")
