# Flattens a JSON document: one line a value, its path (names and positions joined by "/"), a tab, the value.
# Control characters inside a value become spaces, so that a value never spans lines.

function utf8(code) {
    if (code < 32) return " "
    if (code < 128) return sprintf("%c", code)
    if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
    if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
    return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}

function hex(digits,    i, value) {
    for (i = 1; i <= 4; i++) value = value * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
    return value
}

function unescape(text,    out, at, letter, code) {
    while ((at = index(text, "\\")) > 0) {
        out = out substr(text, 1, at - 1)
        letter = substr(text, at + 1, 1)
        if (letter == "u") {
            code = hex(substr(text, at + 2, 4))
            text = substr(text, at + 6)
            # Characters beyond the first 65,536 come as a pair.
            if (code >= 55296 && code < 56320 && substr(text, 1, 2) == "\\u") {
                code = 65536 + (code - 55296) * 1024 + hex(substr(text, 3, 4)) - 56320
                text = substr(text, 7)
            }
            out = out utf8(code)
        } else {
            out = out (index("bfnrt", letter) ? " " : letter)
            text = substr(text, at + 2)
        }
    }
    return out text
}

function take(pattern,    token) {
    sub(/^[ \t\n\r]+/, "", rest)
    if (!match(rest, "^(" pattern ")")) return ""
    token = substr(rest, 1, RLENGTH)
    rest = substr(rest, RLENGTH + 1)
    return token
}

function string(    token) {
    token = take("\"([^\"\\\\]|\\\\.)*\"")
    # A string without its end: the document was cut short, and nothing after it can be trusted.
    if (token == "") rest = ""
    return unescape(substr(token, 2, length(token) - 2))
}

function value(path,    count) {
    if (take("[{]") != "") {
        while (take("[}]") == "" && rest != "") {
            member(path)
            take(",")
        }
    } else if (take("\\[") != "") {
        while (take("\\]") == "" && rest != "") {
            value(path "/" count++ + 0)
            take(",")
        }
    } else if (substr(rest, 1, 1) == "\"") {
        print substr(path, 2) "\t" string()
    } else {
        # Anything unexpected is stepped over, so a damaged document ends instead of looping.
        count = take("[^],}{[\" \t\n\r]+")
        if (count == "") rest = substr(rest, 2)
        else print substr(path, 2) "\t" count
    }
}

function member(path,    name) {
    sub(/^[ \t\n\r]+/, "", rest)
    if (substr(rest, 1, 1) != "\"") {
        rest = substr(rest, 2)
        return
    }
    name = string()
    take(":")
    sub(/^[ \t\n\r]+/, "", rest)
    value(path "/" name)
}

{ rest = rest $0 "\n" }

END { sub(/^[ \t\n\r]+/, "", rest); value("") }
