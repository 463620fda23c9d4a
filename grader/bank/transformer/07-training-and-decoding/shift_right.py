"""Known answers to shift_right; grader/bank/__init__.py explains the format."""


# %% mistake: the input is not shifted, so the decoder reads the very token it should answer
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return clean, target_ids.masked_fill(padding, -100)


# %% mistake: the input is shifted left, so it shows the future
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([clean[:, 1:], begin], dim=1), target_ids.masked_fill(padding, -100)


# %% mistake: the last token wraps round to the front in place of bos_id
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return clean.roll(1, dims=1), target_ids.masked_fill(padding, -100)


# %% mistake: shifts from one sentence to the next
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([torch.full_like(clean[:1], bos_id), clean[:-1]]), target_ids.masked_fill(padding, -100)


# %% mistake: shifts the flattened batch, so a sentence begins with the last token of the one before
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin[:1, 0], clean.flatten()[:-1]]).view_as(clean), target_ids.masked_fill(padding, -100)


# %% mistake: bos_id is put in front and nothing is dropped, so the input is one longer
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean], dim=1), target_ids.masked_fill(padding, -100)


# %% mistake: bos_id overwrites the first token, nothing moves
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, 1:]], dim=1), target_ids.masked_fill(padding, -100)


# %% mistake: begins with pad_id instead of bos_id
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([torch.full_like(begin, pad_id), clean[:, :-1]], dim=1), target_ids.masked_fill(padding, -100)


# %% mistake: the labels are shifted too
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1), torch.cat([begin, clean[:, :-1]], dim=1).masked_fill(padding, -100)


# %% mistake: the labels are shifted left once more, so the first token is never learned
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1), torch.cat([target_ids.masked_fill(padding, -100)[:, 1:], torch.full_like(begin, -100)], dim=1)


# %% mistake: slices both, as for targets that already begin with bos_id
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return clean[:, :-1], target_ids.masked_fill(padding, -100)[:, 1:]


# %% mistake: −100 stays in the decoder input
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, target_ids[:, :-1]], dim=1), target_ids.masked_fill(padding, -100)


# %% mistake: the padding stays in the labels
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1), target_ids


# %% mistake: the labels hold pad_id where they should be −100
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1), clean


# %% mistake: the padding in the decoder input is −100 too
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    labels = target_ids.masked_fill(padding, -100)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, labels[:, :-1]], dim=1), labels


# %% mistake: takes 0 for the padding, whatever pad_id is
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == 0) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1), target_ids.masked_fill(padding, -100)


# %% mistake: labels where the input is padding are ignored, so the padding after the end token is learned
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    inputs = torch.cat([begin, clean[:, :-1]], dim=1)
    return inputs, target_ids.masked_fill(inputs == pad_id, -100)


# %% mistake: changes the caller's ids in place
def shift_right(target_ids, bos_id, pad_id):
    target_ids[target_ids == -100] = pad_id
    begin = torch.full_like(target_ids[:, :1], bos_id)
    labels = target_ids.masked_fill(target_ids == pad_id, -100)
    return torch.cat([begin, target_ids[:, :-1]], dim=1), labels


# %% mistake: returns the decoder input alone
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1)


# %% mistake: returns the labels first
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return target_ids.masked_fill(padding, -100), torch.cat([begin, clean[:, :-1]], dim=1)


# %% correct: begin token and slice, concatenated
def shift_right(target_ids, bos_id, pad_id):
    clean = torch.where(target_ids == -100, pad_id, target_ids)
    begin = torch.full((len(clean), 1), bos_id)
    labels = torch.where(clean == pad_id, -100, clean)
    return torch.cat((begin, clean[:, :-1]), dim=-1), labels


# %% correct: filled into a new tensor, the padding replaced afterwards
def shift_right(target_ids, bos_id, pad_id):
    decoder_input = target_ids.new_zeros(target_ids.shape)
    decoder_input[:, 1:] = target_ids[:, :-1].clone()
    decoder_input[:, 0] = bos_id
    decoder_input.masked_fill_(decoder_input == -100, pad_id)
    labels = target_ids.clone()
    labels[labels == pad_id] = -100
    return decoder_input, labels


# %% correct: F.pad on the left
def shift_right(target_ids, bos_id, pad_id):
    clean = target_ids.masked_fill(target_ids.eq(-100), pad_id)
    labels = clean.masked_fill(clean.eq(pad_id), -100)
    return torch.nn.functional.pad(clean, (1, 0), value=bos_id)[:, :-1], labels


# %% correct: lists of Python
def shift_right(target_ids, bos_id, pad_id):
    inputs, labels = [], []
    for row in target_ids.tolist():
        previous = bos_id
        inputs.append([])
        labels.append([])
        for token in row:
            token = pad_id if token == -100 else token
            inputs[-1].append(previous)
            labels[-1].append(-100 if token == pad_id else token)
            previous = token
    return torch.tensor(inputs), torch.tensor(labels)


# %% mistake: a target token that is equal to bos_id counts as padding in the labels
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    decoder_input = target_ids.masked_fill(padding, pad_id).roll(1, dims=1)
    decoder_input[:, 0] = bos_id
    return decoder_input, target_ids.masked_fill(padding | (target_ids == bos_id), -100)


# %% mistake: a pad_id of 0 counts as not given
def shift_right(target_ids, bos_id, pad_id):
    padding = target_ids == -100
    if pad_id:
        padding = padding | (target_ids == pad_id)
    decoder_input = target_ids.masked_fill(padding, pad_id).roll(1, dims=1)
    decoder_input[:, 0] = bos_id
    return decoder_input, target_ids.masked_fill(padding, -100)


# %% mistake: a bos_id of 0 counts as not given
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    decoder_input = target_ids.masked_fill(padding, pad_id).roll(1, dims=1)
    decoder_input[:, 0] = bos_id or pad_id
    return decoder_input, target_ids.masked_fill(padding, -100)
