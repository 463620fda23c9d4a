"""The course's library: the Transformer family, written to be read.

The modules in the order in which to read them. Each imports only modules that stand before it.

Parts of a model:

    lib.arguments        checks of sizes, with errors that say what was expected
    lib.masks            which positions may be attended to: padding, and the future
    lib.activations      GELU, exact and approximated
    lib.attention        scaled dot-product attention and multi-head attention
    lib.positions        positional encodings, sinusoidal and learned
    lib.feed_forward     the position-wise feed-forward network
    lib.residual         residual connections, with post-norm or pre-norm
    lib.encoder          a stack of encoder layers

Translators:

    lib.cache            keys and values that a decoder need not compute again
    lib.modes            evaluation mode for a while
    lib.transformer      the decoder, and the Transformer of 2017
    lib.lstm             an LSTM with attention, to compare

BERT:

    lib.masking          masked language model: which tokens are hidden, and how
    lib.bert             embeddings, encoder, pooler, and the two heads of pre-training
    lib.fine_tuning      heads for tasks, freezing, features of chosen layers
    lib.language_model   the same encoder as a causal language model, or one that cheats
    lib.checkpoints      BERT's weights in the files of transformers, read and written

Training and use:

    lib.training         teacher forcing, label smoothing, schedules, the training loop
    lib.decoding         greedy decoding and beam search
    lib.translation      a translator's loss, and how many sentences it gets right

Data and figures:

    lib.data.vocabulary  from characters to ids and back
    lib.data.wordpiece   WordPiece: from texts to pieces of words
    lib.data.pairs       one sentence or two between [CLS] and [SEP], padded to a batch
    lib.data.next_sentence  pairs of texts that follow each other, or do not
    lib.data.docstrings  English prose that the installed packages carry
    lib.data.dates       dates in English and in Japanese
    lib.plots            the figures' style, and plots that several pages share
    lib.drawing          drawings of how a thing works: vectors, matrices, masks, the model's map
"""
