"""Known answers to layer_parameters; grader/bank/__init__.py explains the format."""


# %% mistake: the output map of the attention is forgotten
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 3 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: the attention's maps have no bias
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * d_model * d_model
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: only the query, key and value maps have a bias
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * d_model * d_model + bias * 3 * d_model
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: the feed-forward network has no bias
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: both biases of the feed-forward network have d_ff numbers
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * 2 * d_ff
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: both biases of the feed-forward network have d_model numbers
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * 2 * d_model
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: the feed-forward network is one map
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = d_model * d_ff + bias * d_ff
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: d_ff is taken to be 4 · d_model
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 8 * d_model * d_model + bias * 5 * d_model
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: the norms are forgotten
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = 0
    return attentions * attention + feed_forward + norms


# %% mistake: a layer has one norm
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = 2 * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: a norm has a weight but no bias
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: a decoder layer has two norms, like an encoder layer
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = 4 * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: bias=False takes the biases from the norms too
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * (d_model + bias * d_model)
    return attentions * attention + feed_forward + norms


# %% mistake: bias=False is ignored
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + d_model)
    feed_forward = 2 * d_model * d_ff + d_ff + d_model
    norms = (attentions + 1) * 2 * d_model
    return attentions * attention + feed_forward + norms


# %% mistake: a decoder layer has one attention, like an encoder layer
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    return attention + feed_forward + (3 if is_decoder else 2) * 2 * d_model


# %% mistake: a decoder layer is counted as two encoder layers
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    return (2 if is_decoder else 1) * (attention + feed_forward + 4 * d_model)


# %% mistake: a norm has one pair of numbers, not one for each feature
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    attentions = 2 if is_decoder else 1
    attention = 4 * (d_model * d_model + bias * d_model)
    feed_forward = 2 * d_model * d_ff + bias * (d_ff + d_model)
    norms = (attentions + 1) * 2
    return attentions * attention + feed_forward + norms


# %% correct: real modules, counted
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    layers = []
    for _ in range(2 if is_decoder else 1):
        layers += [nn.Linear(d_model, d_model, bias=bias) for _ in range(4)]
    layers += [nn.Linear(d_model, d_ff, bias=bias), nn.Linear(d_ff, d_model, bias=bias)]
    count = sum(p.numel() for layer in layers for p in layer.parameters())
    return count + (3 if is_decoder else 2) * 2 * d_model


# %% correct: a helper for one linear map
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    def linear(inputs, outputs):
        return inputs * outputs + (outputs if bias else 0)

    norm = d_model + d_model
    attention = sum(linear(d_model, d_model) for _ in "qkvo") + norm
    network = linear(d_model, d_ff) + linear(d_ff, d_model) + norm
    return attention + network if not is_decoder else 2 * attention + network


# %% correct: closed form
def layer_parameters(d_model, d_ff, is_decoder=False, bias=True):
    sublayers = 3 if is_decoder else 2
    matrices = 4 * (sublayers - 1) * d_model**2 + 2 * d_model * d_ff
    biases = 4 * (sublayers - 1) * d_model + d_ff + d_model if bias else 0
    return matrices + biases + 2 * sublayers * d_model
