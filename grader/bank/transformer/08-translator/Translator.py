"""Known answers to Translator; grader/bank/__init__.py explains the format."""


# %% mistake: a separate matrix for the output
def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
    super().__init__()
    self.pad_id = pad_id
    self.output = nn.Linear(d_model, vocab_size, bias=False)
    self.embedding = nn.Embedding(vocab_size, d_model)
    nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
    self.encoder = nn.ModuleList(
        EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )
    self.decoder = nn.ModuleList(
        DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )


def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return self.output(y)


# %% mistake: a bias at the output
def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
    super().__init__()
    self.pad_id = pad_id
    self.output_bias = nn.Parameter(torch.zeros(vocab_size))
    self.embedding = nn.Embedding(vocab_size, d_model)
    nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
    self.encoder = nn.ModuleList(
        EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )
    self.decoder = nn.ModuleList(
        DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )


def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return y @ self.embedding.weight.T + self.output_bias


# %% mistake: source and target have an embedding each
def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
    super().__init__()
    self.pad_id = pad_id
    self.embedding = nn.Embedding(vocab_size, d_model)
    nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
    self.target_embedding = nn.Embedding(vocab_size, d_model)
    self.encoder = nn.ModuleList(
        EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )
    self.decoder = nn.ModuleList(
        DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )


def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.target_embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return y @ self.embedding.weight.T


# %% mistake: all encoder layers are the same module
def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
    super().__init__()
    self.pad_id = pad_id
    self.embedding = nn.Embedding(vocab_size, d_model)
    nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
    self.encoder = nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff)] * num_layers)
    self.decoder = nn.ModuleList(
        DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )


# %% mistake: the decoder layers stand in a plain list
def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
    super().__init__()
    self.pad_id = pad_id
    self.embedding = nn.Embedding(vocab_size, d_model)
    nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
    self.encoder = nn.ModuleList(
        EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )
    self.decoder = [DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)]


# %% mistake: the embeddings are scaled twice
def encode(self, source_ids):
    x = pieces.add_positions(self.embedding(source_ids) * self.embedding.embedding_dim**0.5)
    allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.encoder:
        x = layer(x, allowed)
    return x


# %% mistake: the source has no positions
def encode(self, source_ids):
    x = self.embedding(source_ids) * self.embedding.embedding_dim**0.5
    allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.encoder:
        x = layer(x, allowed)
    return x


# %% mistake: the target has no positions
def decode(self, decoder_input, memory, source_ids):
    y = self.embedding(decoder_input) * self.embedding.embedding_dim**0.5
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return y @ self.embedding.weight.T


# %% mistake: padding is not hidden in the encoder
def encode(self, source_ids):
    x = pieces.add_positions(self.embedding(source_ids))
    allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.encoder:
        x = layer(x)
    return x


# %% mistake: padding of the source is not hidden in the decoder
def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed)
    return y @ self.embedding.weight.T


# %% mistake: the decoder sees the future
def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.padding_mask(decoder_input.T, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return y @ self.embedding.weight.T


# %% mistake: the ids are not turned for padding_mask, which wants the length first
def encode(self, source_ids):
    x = pieces.add_positions(self.embedding(source_ids))
    allowed = pieces.padding_mask(source_ids, self.pad_id)
    for layer in self.encoder:
        x = layer(x, allowed)
    return x


# %% mistake: the id of the padding is always 0
def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
    super().__init__()
    self.pad_id = 0
    self.embedding = nn.Embedding(vocab_size, d_model)
    nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
    self.encoder = nn.ModuleList(
        EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )
    self.decoder = nn.ModuleList(
        DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )


# %% mistake: only the last encoder layer is used
def encode(self, source_ids):
    x = pieces.add_positions(self.embedding(source_ids))
    allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.encoder:
        out = layer(x, allowed)
    return out if len(self.encoder) else x


# %% mistake: the layers are applied from last to first
def encode(self, source_ids):
    x = pieces.add_positions(self.embedding(source_ids))
    allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in reversed(self.encoder):
        x = layer(x, allowed)
    return x


def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in reversed(self.decoder):
        y = layer(y, memory, target_allowed, source_allowed)
    return y @ self.embedding.weight.T


# %% mistake: each decoder layer looks at the embedded source instead of the memory
def forward(self, source_ids, decoder_input):
    memory = pieces.add_positions(self.embedding(source_ids))
    return self.decode(decoder_input, memory, source_ids)


# %% mistake: decode encodes the source anew and ignores the memory
def decode(self, decoder_input, memory, source_ids):
    memory = self.encode(source_ids)
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return y @ self.embedding.weight.T


# %% mistake: returns probabilities instead of logits
def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return (y @ self.embedding.weight.T).softmax(dim=-1)


# %% mistake: returns log-probabilities instead of logits
def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return (y @ self.embedding.weight.T).log_softmax(dim=-1)


# %% mistake: the logits are divided by the square root of d_model
def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return y @ self.embedding.weight.T / y.shape[-1] ** 0.5


# %% mistake: logits for the last position only
def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return y[:, -1] @ self.embedding.weight.T


# %% mistake: the output's gradient does not reach the embedding
def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return y @ self.embedding.weight.detach().T


# %% mistake: one more norm at the end of the decoder, as in nn.Transformer
def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return F.layer_norm(y, y.shape[-1:]) @ self.embedding.weight.T


# %% mistake: the embedding keeps PyTorch's start of 1
def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
    super().__init__()
    self.pad_id = pad_id
    self.embedding = nn.Embedding(vocab_size, d_model)
    self.encoder = nn.ModuleList(
        EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )
    self.decoder = nn.ModuleList(
        DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )


# %% mistake: the embedding starts with the standard deviation 1/d_model
def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
    super().__init__()
    self.pad_id = pad_id
    self.embedding = nn.Embedding(vocab_size, d_model)
    nn.init.normal_(self.embedding.weight, std=1 / d_model)
    self.encoder = nn.ModuleList(
        EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )
    self.decoder = nn.ModuleList(
        DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)
    )


# %% mistake: a start symbol with the id pad_id is hidden as padding, so its row of the mask is empty
def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.padding_mask(decoder_input.T, self.pad_id) & torch.ones(decoder_input.shape[1], decoder_input.shape[1], dtype=torch.bool).tril()
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return y @ self.embedding.weight.T


# %% mistake: the target's padding mask is used for the source
def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(decoder_input.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return y @ self.embedding.weight.T


# %% mistake: source and decoder input are exchanged in forward
def forward(self, source_ids, decoder_input):
    return self.decode(source_ids, self.encode(decoder_input), decoder_input)


# %% mistake: the diagonal is hidden too, so no position sees itself
def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = torch.ones(decoder_input.shape[1], decoder_input.shape[1], dtype=torch.bool).tril(-1)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return y @ self.embedding.weight.T


# %% mistake: dropout on the embedded source
def encode(self, source_ids):
    x = F.dropout(pieces.add_positions(self.embedding(source_ids)), 0.1, self.training)
    allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.encoder:
        x = layer(x, allowed)
    return x


# %% mistake: padding_idx keeps a start symbol with the id pad_id from learning
def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
    super().__init__()
    self.pad_id = pad_id
    self.embedding = nn.Embedding(vocab_size, d_model, padding_idx=pad_id)
    nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
    sizes = d_model, num_heads, d_ff
    self.encoder = nn.ModuleList(EncoderLayer(*sizes) for _ in range(num_layers))
    self.decoder = nn.ModuleList(DecoderLayer(*sizes) for _ in range(num_layers))


# %% mistake: pad_id is a tensor instead of a number
def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
    super().__init__()
    self.pad_id = torch.tensor(pad_id)
    self.embedding = nn.Embedding(vocab_size, d_model)
    nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
    sizes = d_model, num_heads, d_ff
    self.encoder = nn.ModuleList(EncoderLayer(*sizes) for _ in range(num_layers))
    self.decoder = nn.ModuleList(DecoderLayer(*sizes) for _ in range(num_layers))


# %% correct: layer by layer with ModuleList.append, F.linear for the logits
def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
    super().__init__()
    self.pad_id = pad_id
    self.embedding = nn.Embedding(vocab_size, d_model)
    nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
    self.encoder = nn.ModuleList()
    self.decoder = nn.ModuleList()
    for _ in range(num_layers):
        self.encoder.append(EncoderLayer(d_model, num_heads, d_ff))
        self.decoder.append(DecoderLayer(d_model, num_heads, d_ff))


def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.decoder:
        y = layer(y, memory, target_allowed, source_allowed)
    return F.linear(y, self.embedding.weight)


# %% correct: masks of its own, positions by hand
class Translator(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id, self.d_model = pad_id, d_model
        self.embedding = nn.Embedding(vocab_size, d_model)
        with torch.no_grad():
            self.embedding.weight.copy_(torch.randn(vocab_size, d_model) / d_model**0.5)
        self.encoder = nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff) for i in range(num_layers)])
        self.decoder = nn.ModuleList([DecoderLayer(d_model, num_heads, d_ff) for i in range(num_layers)])

    def _embed(self, ids):
        vectors = F.embedding(ids, self.embedding.weight)
        place = torch.arange(ids.shape[1], dtype=torch.float64)[:, None]
        angle = place / 10000 ** (torch.arange(0, self.d_model, 2, dtype=torch.float64) / self.d_model)
        table = torch.stack([angle.sin(), angle.cos()], dim=2).reshape(ids.shape[1], self.d_model)
        return vectors * self.d_model**0.5 + table.to(vectors.dtype)

    def encode(self, source_ids):
        x = self._embed(source_ids)
        for layer in self.encoder:
            x = layer(x, (source_ids != self.pad_id)[:, None, None, :])
        return x

    def decode(self, decoder_input, memory, source_ids):
        y = self._embed(decoder_input)
        length = decoder_input.shape[1]
        # Padding comes last, so the causal mask hides it as well.
        earlier = torch.ones(length, length, dtype=torch.bool).tril()[None, None]
        for layer in self.decoder:
            y = layer(y, memory, earlier, (source_ids != self.pad_id)[:, None, None, :])
        return torch.einsum("btd,vd->btv", y, self.embedding.weight)

    def forward(self, source_ids, decoder_input):
        memory = self.encode(source_ids)
        return self.decode(decoder_input, memory, source_ids)


# %% correct: the memory by keyword
def encode(self, source_ids):
    batch, length = source_ids.shape
    x = pieces.add_positions(self.embedding(source_ids))
    allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    for layer in self.encoder:
        x = layer(x, allowed)
    return x


def forward(self, source_ids, decoder_input):
    return self.decode(decoder_input=decoder_input, memory=self.encode(source_ids), source_ids=source_ids)


# %% correct: functools.reduce over the layers
def encode(self, source_ids):
    x = pieces.add_positions(self.embedding(source_ids))
    allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    return functools.reduce(lambda h, layer: layer(h, allowed), self.encoder, x)


def decode(self, decoder_input, memory, source_ids):
    y = pieces.add_positions(self.embedding(decoder_input))
    target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
    source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
    y = functools.reduce(
        lambda h, layer: layer(h, memory, target_allowed, source_allowed), self.decoder, y
    )
    return y @ self.embedding.weight.T


# %% correct: an output layer that shares the embedding's weight
class Translator(nn.Module):
    """A Transformer with one vocabulary for source and target."""

    def __init__(self, vocab_size, d_model, num_heads, d_ff, num_layers, pad_id):
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.output = nn.Linear(d_model, vocab_size, bias=False)
        self.output.weight = self.embedding.weight
        sizes = d_model, num_heads, d_ff
        self.encoder = nn.ModuleList(EncoderLayer(*sizes) for _ in range(num_layers))
        self.decoder = nn.ModuleList(DecoderLayer(*sizes) for _ in range(num_layers))

    def encode(self, source_ids):
        """The memory (batch, source, d_model) of source ids (batch, source)."""
        allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        x = pieces.add_positions(self.embedding(source_ids))
        for layer in self.encoder:
            x = layer(x, allowed)
        return x

    def decode(self, decoder_input, memory, source_ids):
        """The logits (batch, target, vocab_size) of decoder input (batch, target)."""
        target_allowed = pieces.decoder_mask(decoder_input, self.pad_id)
        source_allowed = pieces.padding_mask(source_ids.T, self.pad_id)
        y = pieces.add_positions(self.embedding(decoder_input))
        for layer in self.decoder:
            y = layer(y, memory, target_allowed, source_allowed)
        return self.output(y)

    def forward(self, source_ids, decoder_input):
        """The logits (batch, target, vocab_size)."""
        return self.decode(decoder_input, self.encode(source_ids), source_ids)
