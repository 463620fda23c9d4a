"""Known answers to greedy_decode; grader/bank/__init__.py explains the format."""


# %% mistake: the result holds the prefix too
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids


# %% mistake: the result lacks the first new token, as if the prefix were one longer
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] + 1 :]


# %% mistake: only one token of the prefix is cut off
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, 1:]


# %% mistake: takes the lowest score
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmin(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: the first sentence decides for all
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores[:1].argmax(dim=-1).expand(len(prefix))
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: the highest score is looked for over the sentences
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=0)[: len(prefix)]
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: one index into the flattened scores
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax().expand(len(prefix))
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: the model is given the last token alone
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids[:, -1:])
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: the model is given the prefix every time
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(prefix)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: the model is given the new tokens without the prefix
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids[:, prefix.shape[1] :] if ids.shape[1] > prefix.shape[1] else prefix)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: only the first token of the prefix is used
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix[:, :1]
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        best = next_scores(ids).argmax(dim=-1).masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, 1:]


# %% mistake: goes on writing after the end token
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: stops for a single step, then goes on writing
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = best == eos_id
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: writes end tokens instead of padding after the end
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, eos_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: pads with 0, whatever pad_id is
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, 0)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: the end token is replaced by padding
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :].masked_fill(ids[:, prefix.shape[1] :] == eos_id, pad_id)


# %% mistake: stops before the end token is written
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        best = next_scores(ids).argmax(dim=-1)
        ended = ended | (best == eos_id)
        if ended.all():
            break
        ids = torch.cat([ids, best.masked_fill(ended, pad_id)[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: stops as soon as one sentence has ended
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.any():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: never stops early
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if False:
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: an end token in the prefix counts as the end
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = (prefix == eos_id).any(dim=1)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: looks for an end token in all ids, the prefix included
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = (torch.cat([ids, best[:, None]], dim=1) == eos_id).any(dim=1)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: max_length counts the prefix too
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length - prefix.shape[1]):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: writes one token too many
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length + 1):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: of equal scores, the highest id wins
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.shape[-1] - 1 - scores.flip(-1).argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: the result is padded to max_length
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return torch.nn.functional.pad(ids[:, prefix.shape[1] :], (0, max_length - ids.shape[1] + prefix.shape[1]), value=pad_id)


# %% mistake: the padding is put in at the end only, so the model reads what was written after the end
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids, ends = prefix, torch.full((len(prefix),), max_length)
    for step in range(max_length):
        best = next_scores(ids).argmax(dim=-1)
        ids = torch.cat([ids, best[:, None]], dim=1)
        ends = torch.where((best == eos_id) & (ends == max_length), step, ends)
        if (ends < max_length).all():
            break
    new = ids[:, prefix.shape[1] :]
    return new.masked_fill(torch.arange(new.shape[1]) > ends[:, None], pad_id)


# %% mistake: ended sentences are no longer given to the model
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        best = torch.full((len(prefix),), pad_id)
        best[~ended] = next_scores(ids[~ended]).argmax(dim=-1)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: with max_length=0 one token is written
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    while True:
        best = next_scores(ids).argmax(dim=-1).masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
        if ended.all() or ids.shape[1] >= prefix.shape[1] + max_length:
            return ids[:, prefix.shape[1] :]


# %% correct: columns collected in a list
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    columns, open_ = [], torch.ones(prefix.shape[0], dtype=torch.bool)
    while len(columns) < max_length and open_.any():
        ids = torch.cat([prefix, *columns], dim=1)
        _, best = next_scores(ids).max(dim=-1, keepdim=True)
        columns.append(torch.where(open_[:, None], best, pad_id))
        open_ = open_ & (best[:, 0] != eos_id)
    if not columns:
        return prefix[:, :0]
    return torch.cat(columns, dim=1)


# %% correct: a buffer of the full length, cut at the end
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    batch, start = prefix.shape
    buffer = torch.full((batch, start + max_length), pad_id)
    buffer[:, :start] = prefix
    ended = torch.zeros(batch, dtype=torch.bool)
    position = start
    while position < start + max_length and not bool(ended.all()):
        best = next_scores(buffer[:, :position]).argmax(-1)
        buffer[~ended, position] = best[~ended]
        ended |= best.eq(eos_id)
        position += 1
    return buffer[:, start:position]


# %% correct: lists of Python
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    rows = prefix.tolist()
    start, ended = len(rows[0]), [False] * len(rows)
    for _ in range(max_length):
        if all(ended):
            break
        scores = next_scores(torch.tensor(rows))
        for i, row in enumerate(rows):
            best = int((scores[i] == scores[i].max()).nonzero()[0])
            row.append(pad_id if ended[i] else best)
            ended[i] = ended[i] or best == eos_id
    new = [row[start:] for row in rows]
    return torch.tensor(new, dtype=torch.long).reshape(len(rows), -1)


# %% mistake: asks the model once more after the last token
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids, ended = prefix, torch.zeros(len(prefix), dtype=torch.bool)
    scores = next_scores(ids)
    for _ in range(max_length):
        best = scores.argmax(-1).masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
        if ended.all():
            break
        scores = next_scores(ids)
    return ids[:, prefix.shape[1] :]


# %% mistake: a prefix that ends with padding counts as ended
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids, ended = prefix, prefix[:, -1] == pad_id
    while ids.shape[1] < prefix.shape[1] + max_length and not ended.all():
        best = next_scores(ids).argmax(-1).masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: counts end tokens, and padding may be one
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids, ended = prefix, torch.zeros(len(prefix), dtype=torch.bool)
    start = prefix.shape[1]
    while ids.shape[1] < start + max_length and (ids[:, start:] == eos_id).sum() < len(prefix):
        best = next_scores(ids).argmax(-1).masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, start:]


# %% mistake: writes the padding into the model's scores
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids, ended = prefix, torch.zeros(len(prefix), dtype=torch.bool)
    while ids.shape[1] < prefix.shape[1] + max_length and not ended.all():
        scores = next_scores(ids)
        scores[ended] = -torch.inf
        scores[ended, pad_id] = 0.0
        best = scores.argmax(-1)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]


# %% mistake: scores that are close together count as equal, as in float32
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    """The new tokens (batch, length), with the end token and then padding."""
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    while ids.shape[1] < prefix.shape[1] + max_length and not ended.all():
        best = next_scores(ids).float().argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]
