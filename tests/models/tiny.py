"""Models of a few kilobytes with random weights, saved as real ones are, so that real loading code loads them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    M2M100Config,
    M2M100ForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    MarianTokenizer,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

CORPUS = [
    "the quick brown fox jumps over the lazy dog",
    "translate English to German: the train is late",
    "evaluation jobs run on the cluster and keep what they finished",
]
SPECIAL = ["<pad>", "<s>", "</s>", "<unk>"]
CHAT_TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
SMALL: dict[str, Any] = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
LAYERS: dict[str, Any] = {
    "d_model": 32,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 128,
    "decoder_start_token_id": 2,
}


def tokenizer(**options: Any) -> PreTrainedTokenizerFast:
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trained.train_from_iterator(
        CORPUS * 50, trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet)
    )
    trained.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    names = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=trained, model_max_length=128, **names, **options)


def save(folder: Path, words: Any, model: Any) -> str:
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return str(folder)


def bart(folder: Path, **settings: Any) -> str:
    words = tokenizer()
    config = BartConfig(vocab_size=len(words), forced_eos_token_id=2, **LAYERS, **SMALL, **settings)
    return save(folder, words, BartForConditionalGeneration(config))


def t5(folder: Path) -> str:
    words = tokenizer()
    config = T5Config(
        vocab_size=len(words),
        d_model=32,
        d_kv=16,
        d_ff=64,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
        **SMALL,
    )
    return save(folder, words, T5ForConditionalGeneration(config))


def llama(folder: Path, *, template: str | None = CHAT_TEMPLATE) -> str:
    words = tokenizer()
    words.chat_template = template
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=128,
        **SMALL,
    )
    return save(folder, words, LlamaForCausalLM(config))


def remote(folder: Path) -> str:
    """A Llama of a type that transformers learns of from code that lies beside the weights."""
    path = llama(folder)
    (folder / "configuration_own.py").write_text(
        "from transformers import LlamaConfig\n\n\nclass OwnConfig(LlamaConfig):\n    model_type = 'own'\n"
    )
    (folder / "modeling_own.py").write_text(
        "from transformers import LlamaForCausalLM\n\nfrom .configuration_own import OwnConfig\n\n\n"
        "class OwnForCausalLM(LlamaForCausalLM):\n    config_class = OwnConfig\n"
    )
    config = json.loads((folder / "config.json").read_text())
    places = {"AutoConfig": "configuration_own.OwnConfig", "AutoModelForCausalLM": "modeling_own.OwnForCausalLM"}
    config |= {"model_type": "own", "architectures": ["OwnForCausalLM"], "auto_map": places}
    (folder / "config.json").write_text(json.dumps(config))
    return path


def bert(folder: Path) -> str:
    words = tokenizer()
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=130,
        pad_token_id=0,
    )
    return save(folder, words, BertModel(config))


def _pieces(folder: Path) -> Path:
    import sentencepiece

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.txt").write_text("\n".join(CORPUS * 20))
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "corpus.txt"),
        model_prefix=str(folder / "pieces"),
        vocab_size=80,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return folder / "pieces.model"


def _vocabulary(pieces: Path, special: list[str]) -> dict[str, int]:
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=str(pieces))
    learned = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    words = [*special, *(word for word in learned if word not in special)]
    return {word: number for number, word in enumerate(words)}


def marian(folder: Path, *tags: str) -> str:
    pieces = _pieces(folder / "parts")
    vocabulary = _vocabulary(pieces, ["</s>", "<unk>", "<pad>", *tags])
    (folder / "parts" / "vocab.json").write_text(json.dumps(vocabulary))
    words = MarianTokenizer(
        source_spm=str(pieces),
        target_spm=str(pieces),
        vocab=str(folder / "parts" / "vocab.json"),
        source_lang="en",
        target_lang="de",
        model_max_length=128,
    )
    layers = LAYERS | {"decoder_start_token_id": vocabulary["<pad>"]}
    config = MarianConfig(
        vocab_size=len(vocabulary), pad_token_id=vocabulary["<pad>"], eos_token_id=0, forced_eos_token_id=0, **layers
    )
    return save(folder / "model", words, MarianMTModel(config))


def m2m100(folder: Path) -> str:
    from transformers import M2M100Tokenizer

    pieces = _pieces(folder / "parts")
    vocabulary = _vocabulary(pieces, SPECIAL)
    (folder / "parts" / "vocab.json").write_text(json.dumps(vocabulary))
    words = M2M100Tokenizer(vocab_file=str(folder / "parts" / "vocab.json"), spm_file=str(pieces), model_max_length=128)
    size = len(vocabulary) + 120  # room for the tokens of a hundred languages
    config = M2M100Config(vocab_size=size, **LAYERS, **SMALL)
    return save(folder / "model", words, M2M100ForConditionalGeneration(config))


def built(make: Callable[..., str], folder: Path, *details: Any, **settings: Any) -> str:
    """The path of a model whose weights are the same on every run."""
    torch.manual_seed(0)
    return make(folder, *details, **settings)


def comet(folder: Path) -> str:
    """A COMET checkpoint over a tiny XLM-RoBERTa, laid out as the hub's are."""
    from comet.models import RegressionMetric
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizerFast

    words = tokenizer()
    names = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    config = XLMRobertaConfig(
        vocab_size=len(words) + 8,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=130,
        type_vocab_size=1,
        **SMALL,
    )
    fast = XLMRobertaTokenizerFast(tokenizer_object=words.backend_tokenizer, model_max_length=128, **names)
    encoder = save(folder / "encoder", fast, XLMRobertaModel(config))
    model = RegressionMetric(pretrained_model=encoder, hidden_sizes=[16], batch_size=2, local_files_only=True)
    (folder / "checkpoints").mkdir()
    parts = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    torch.save({**parts, "pytorch-lightning_version": "2.0.0"}, folder / "checkpoints" / "model.ckpt")
    (folder / "hparams.yaml").write_text("class_identifier: regression_metric\n")
    return str(folder)
