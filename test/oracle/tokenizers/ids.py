"""Writes ids.json: tiny tokenizers of every supported kind and the ids that the reference gives to difficult texts.

Run: pip install tokenizers && python ids.py > ids.json
"""

import base64
import json
import struct

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

TEXTS = [
    "the quick brown fox",
    "The Quick, BROWN fox!  (jumps)",
    "",
    "   ",
    "\t\n\r ",
    "naïve café Ångström e\u0301te\u0301",
    "ΟΔΥΣΣΕΥΣ ΣΑΣ İstanbul",
    "日本語のテキスト 中文字符 한국어",
    "𠀀𠮷 rare ideographs \U0002b820 \U0002b920",
    "😀 👩‍👩‍👧‍👦 🇩🇪 ❤️ emoji",
    "مرحبا بالعالم שלום עולם",
    "हिन्दी देवनागरी ไทย",
    "0 1 12 1234567 3.14 1,000 ½ ² Ⅷ ٣٤",
    "a\u0000b\u0007c\u200bd\u00ade\ufefff\u2028g\u0085h\u00a0i\u3000j",
    "don't we'll I'VE it's",
    "x" * 130,
    "ab" * 300,
    "a  b   c    d",
    " leading and trailing ",
    "ﬁ ﬂ ＡＢＣ ｶﾞ ㈱ ™ Å ~ ～",
    "---___***$$$^^^```|||",
    "http://example.org/a?b=c&d=e#f",
    "[CLS] special [MASK]in text[SEP] <s> </s> <mask>!",
    "<b>special</b>",
    "line one\nline two\r\nline three\n\n\n",
    "☃☃ ☃ unknown☃mixed",
    "\u0301leading mark",
    "A\u030a\u0327 stacked z\u0335\u0321",
    "ß ẞ ŉ ǆ ΐ",
]
PAIRS = [("the quick brown fox", "jumps"), ("fox", "the quick brown fox jumps over"), ("the quick", "brown fox")]

words = "the quick brown fox jumps over naive cafe in text special".split()
chars = list("abcdefghijklmnopqrstuvwxyz0123456789.,!?()'-_*$:/=&#<>")
bert_vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *chars, *("##" + c for c in chars), "日", "本", "語", "中", "ο", "δ", "##υ", "##σ", "σ", "##ς", "##α", "中", "😀", "𠮷"]
bert_vocab = list(dict.fromkeys(bert_vocab))


def wordpiece(**options):
    t = Tokenizer(models.WordPiece({w: i for i, w in enumerate(bert_vocab)}, unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(**options)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    t.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return t


alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
byte_merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("q", "u"), ("qu", "i"), ("a", "b"), ("ab", "ab"), ("Ã", "©"), ("Ġ", "f"), ("o", "x"), ("Ġf", "ox"), ("Ġ", "Ġ"), ("1", "2")]


def byte_level(pre, post):
    vocab = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *alphabet, *(a + b for a, b in byte_merges)]
    t = Tokenizer(models.BPE({w: i for i, w in enumerate(vocab)}, byte_merges))
    t.pre_tokenizer = pre
    t.post_processor = post
    t.add_special_tokens(["<s>", "<pad>", "</s>", AddedToken("<mask>", lstrip=True, special=True)])
    return t


LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def clip():
    merges = [("t", "h"), ("th", "e</w>"), ("f", "o"), ("fo", "x</w>")]
    vocab = [*alphabet, *(a + "</w>" for a in alphabet), "the</w>", "th", "fo", "fox</w>", "<|startoftext|>", "<|endoftext|>"]
    ids = {w: i for i, w in enumerate(vocab)}
    t = Tokenizer(models.BPE(ids, merges, unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(tokenizers.Regex(r"\s+"), " "), normalizers.Lowercase()])
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(
                tokenizers.Regex(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"),
                behavior="removed",
                invert=True,
            ),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    t.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    t.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", ids["<|endoftext|>"]), ("<|startoftext|>", ids["<|startoftext|>"]), trim_offsets=False, add_prefix_space=False
    )
    return t


def charsmap(pairs):
    """A double-array trie in the layout of SentencePiece: every state owns 256 units, so that no two collide."""
    pool, offsets, states, edges, leaves = b"", {}, 1, {}, {}
    for source, target in pairs:
        offsets[source] = len(pool)
        pool += target.encode() + b"\0"
        state = 0
        for byte in source.encode():
            if (state, byte) not in edges:
                edges[state, byte] = states
                states += 1
            state = edges[state, byte]
        leaves[state] = offsets[source]
    base = lambda state: 256 * (state + 1)
    units = [0] * base(states)
    units[0] = base(0) << 10
    for (state, byte), child in edges.items():
        at = base(state) ^ byte
        units[at] = ((at ^ base(child)) << 10) | (256 if child in leaves else 0) | byte
    for state, value in leaves.items():
        units[base(state)] = value | 1 << 31
    # Bases beyond the last state are never reached.
    blob = b"".join(struct.pack("<I", unit) for unit in units)
    return struct.pack("<I", len(blob)) + blob + pool


RULES = [("ﬁ", "fi"), ("Ａ", "A"), ("\u00a0", " "), ("\u200b", ""), ("e\u0301", "é"), ("™", "TM"), ("\t", " "), ("\n", " "), ("～", "~")]


def unigram(pre, normalizer, unk=0):
    pieces = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), ("▁", -2.0), ("▁the", -3.0), ("▁quick", -4.5), ("▁qu", -5.0), ("ick", -5.5), ("▁fox", -4.0), ("ox", -5.0), ("é", -6.0), ("日本", -6.5), ("日", -7.0), ("fi", -5.2)]
    pieces += [(c, -7.5 - i / 16) for i, c in enumerate("abcdefghijklmnopqrstuvwxyzABCDTM0123456789.,!'~ ")]
    t = Tokenizer(models.Unigram(pieces, unk, False))
    t.normalizer = normalizer
    t.pre_tokenizer = pre
    t.add_special_tokens(["<s>", "</s>"])
    t.add_tokens([AddedToken("<b>", normalized=True), AddedToken("Quick", normalized=True)])
    t.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    return t


def characters(pre, normalizer=None):
    """Every character of the texts is a word, so that only normalising and splitting tell."""
    vocab = ["<unk>", *sorted({c for text in TEXTS for c in text + text.lower()})]
    pairs = [("a", "b"), ("1", "2"), ("-", "-"), ("t", "h"), ("!", " "), ("☃", "☃"), ("ï", "v"), ("3", "."), ("²", " ")]
    vocab += [a + b for a, b in pairs]
    t = Tokenizer(models.BPE({w: i for i, w in enumerate(vocab)}, pairs, unk_token="<unk>", fuse_unk=True))
    t.pre_tokenizer = pre
    if normalizer is not None:
        t.normalizer = normalizer
    return t


P, N, R = pre_tokenizers, normalizers, tokenizers.Regex
roberta = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
cases = {
    "wordpiece uncased": wordpiece(lowercase=True),
    "wordpiece cased": wordpiece(lowercase=False),
    "wordpiece lowercase, accents kept": wordpiece(lowercase=True, strip_accents=False, handle_chinese_chars=False),
    "wordpiece, text not cleaned": wordpiece(clean_text=False, lowercase=True),
    "byte-level bpe, gpt2": byte_level(P.ByteLevel(add_prefix_space=False), processors.ByteLevel(trim_offsets=True)),
    "byte-level bpe, roberta": byte_level(P.ByteLevel(add_prefix_space=True), roberta),
    "byte-level bpe, llama 3": byte_level(P.Sequence([P.Split(R(LLAMA3), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)]), processors.ByteLevel()),
    "bpe with ends of words, clip": clip(),
    "unigram, xlm-roberta": unigram(P.Sequence([P.WhitespaceSplit(), P.Metaspace()]), N.Precompiled(charsmap(RULES))),
    "unigram, t5": unigram(P.Metaspace(prepend_scheme="always"), N.Sequence([N.Precompiled(charsmap(RULES)), N.Strip(left=False, right=True), N.Replace(R(" {2,}"), "▁")])),
    "unigram, first word only": unigram(P.Metaspace(prepend_scheme="first", split=False), N.NFKC()),
    "whitespace": characters(P.Whitespace()),
    "punctuation, contiguous": characters(P.Punctuation("contiguous")),
    "punctuation, merged with previous": characters(P.Sequence([P.WhitespaceSplit(), P.Punctuation("merged_with_previous")])),
    "punctuation, merged with next": characters(P.Punctuation("merged_with_next")),
    "digits": characters(P.Digits(individual_digits=False)),
    "digits, each": characters(P.Digits(individual_digits=True)),
    "split, removed": characters(P.Split(" ", "removed")),
    "char delimiter": characters(P.CharDelimiterSplit("a")),
    "nfd, accents stripped": characters(P.WhitespaceSplit(), N.Sequence([N.NFD(), N.StripAccents(), N.Lowercase()])),
    "nfkd, prepended": characters(P.WhitespaceSplit(), N.Sequence([N.Prepend("a"), N.NFKD(), N.Strip()])),
}

out = {"tokenizers": tokenizers.__version__, "texts": TEXTS, "pairs": PAIRS, "maxLength": 9, "cases": []}
for name, t in cases.items():
    case = {"name": name, "tokenizer": json.loads(t.to_str()), "ids": [t.encode(text).ids for text in TEXTS]}
    case["bare"] = [t.encode(text, add_special_tokens=False).ids for text in TEXTS]
    for side in ("right", "left"):
        t.enable_truncation(out["maxLength"], direction=side)
        case[f"cut {side}"] = [t.encode(text).ids for text in TEXTS]
    case["pairs"] = {}
    for strategy in ("longest_first", "only_first"):
        t.enable_truncation(out["maxLength"], strategy=strategy)
        case["pairs"][strategy] = []
        for pair in PAIRS:
            try:
                e = t.encode(*pair)
                case["pairs"][strategy].append([e.ids, e.type_ids])
            except Exception:
                case["pairs"][strategy].append(None)
    out["cases"].append(case)
print(json.dumps(out, ensure_ascii=True, separators=(",", ":")))
