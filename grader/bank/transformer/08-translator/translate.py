"""Known answers to translate; grader/bank/__init__.py explains the format."""


# %% mistake: the source is encoded again for every token
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model(source_ids, ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: the scores are those of the first position
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, 0]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: the decoder is given the last token only
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids[:, -1:], memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: the start symbol stays in the result
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return torch.cat([prefix, output], dim=1)


# %% mistake: the start symbol counts towards max_length
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length - 1)
    model.train(was_training)
    return output


# %% mistake: eos_id and pad_id are exchanged
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, model.pad_id, eos_id, max_length)
    model.train(was_training)
    return output


# %% mistake: the padding is always 0
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, 0, max_length)
    model.train(was_training)
    return output


# %% mistake: begins with the source's first token instead of the start symbol
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = source_ids[:, :1]
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: a start symbol for a single sentence, whatever the batch
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.tensor([[bos_id]])
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: the start symbol is always 1
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), 1)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: stays in training mode
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: leaves the model in evaluation mode
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    return output


# %% mistake: leaves the model in training mode, whatever it was in before
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train()
    return output


# %% mistake: switches to evaluation mode after encoding only
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    with torch.no_grad():
        memory = model.encode(source_ids)
        model.eval()

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: records gradients
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.enable_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: records gradients while encoding
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    memory = model.encode(source_ids)
    with torch.no_grad():

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: returns a list of lists
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output.tolist()


# %% mistake: drops the last column, the end token of the longest sentence
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output[:, :-1]


# %% mistake: looks up the memory of the first sentence for all
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory[:1].expand_as(memory), source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: the least probable token
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1].neg()

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: stops when the first sentence has ended
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    ended = (output == eos_id).any(dim=0)
    return output[:, : int(ended.float().argmax()) + 1] if ended.any() else output


# %% mistake: cuts the end token away
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output.masked_fill(output == eos_id, model.pad_id)


# %% mistake: goes on after the end token
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        memory = model.encode(source_ids)

        def next_scores(ids):
            return model.decode(ids, memory, source_ids)[:, -1]

        prefix = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(next_scores, prefix, -1, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% mistake: never writes the padding or the start symbol, however probable they are
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()

    def scores_of(ids):
        scores = model.decode(ids, memory, source_ids)[:, -1].clone()
        scores[:, [model.pad_id, bos_id]] = -torch.inf
        return scores

    with torch.no_grad():
        memory = model.encode(source_ids)
        begin = torch.full((len(source_ids), 1), bos_id)
        output = pieces.greedy_decode(scores_of, begin, eos_id, model.pad_id, max_length)
    model.train(was_training)
    return output


# %% correct: try and finally, a lambda
def translate(model, source_ids, bos_id, eos_id, max_length):
    mode = model.training
    model.train(False)
    try:
        with torch.inference_mode():
            memory = model.encode(source_ids)
            begin = torch.full_like(source_ids[:, :1], bos_id)
            new = pieces.greedy_decode(
                lambda so_far: model.decode(so_far, memory, source_ids)[:, -1, :],
                prefix=begin,
                eos_id=eos_id,
                pad_id=model.pad_id,
                max_length=max_length,
            )
    finally:
        model.train(mode)
    return new.clone()


# %% correct: a decorator for the gradients and a loop of its own
@torch.no_grad()
def translate(model, source_ids, bos_id, eos_id, max_length):
    was_training = model.training
    model.eval()
    memory = model.encode(source_ids)
    batch = source_ids.shape[0]
    ids = torch.empty(batch, 1, dtype=torch.long).fill_(bos_id)
    done = torch.zeros(batch, dtype=torch.bool)
    for _ in range(max_length):
        token = model.decode(ids, memory, source_ids)[:, -1].argmax(-1)
        token = torch.where(done, model.pad_id, token)
        ids = torch.cat([ids, token.unsqueeze(1)], dim=1)
        done |= token == eos_id
        if done.all():
            break
    if was_training:
        model.train()
    return ids[:, 1:]


# %% correct: sentence by sentence, padded at the end
def translate(model, source_ids, bos_id, eos_id, max_length):
    before = model.training
    with torch.no_grad():
        model.eval()
        memory = model.encode(source_ids)
        rows = []
        for i in range(len(source_ids)):
            row = torch.tensor([[bos_id]])
            for _ in range(max_length):
                scores = model.decode(row, memory[i : i + 1], source_ids[i : i + 1])[0, -1]
                row = torch.cat([row, scores.argmax().reshape(1, 1)], dim=1)
                if row[0, -1] == eos_id:
                    break
            rows.append(row[0, 1:])
        model.train(before)
    return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=model.pad_id)
