"""The border between judge and student: what crosses, how, and what must not."""

import contextlib
import json
import multiprocessing
import socket
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from checking import (
    CheckFailed,
    call,
    check_raises,
    check_same_as,
    example,
    in_place,
    load,
    make_state,
    parameter_gradients,
)
from grader.border import Border, BorderError, ForeignModule, TooLate, handle_of, objects
from lib.training import train


class Names:
    """The root of a student's process: it gives out what its cells have defined."""

    def __init__(self, source):
        self.namespace = {"torch": torch, "nn": nn}
        exec(compile(source, "<cell 1>", "exec"), self.namespace)

    def get(self, name):
        return self.namespace[name]


@pytest.fixture
def student():
    """Return a function: source of the student's cells → the judge's end of the border.

    `talk`, if given, gets the student's end of the socket and runs in place of the student's side.
    """
    started = []

    def start(source, seconds=10.0, talk=None):
        ours, theirs = socket.socketpair()

        def run_student_side():
            ours.close()
            torch.set_num_threads(1)  # a pool of threads does not survive a fork
            if talk is not None:
                talk(theirs)
                return
            Border(theirs, trusting=True, root=Names(source)).serve()

        process = multiprocessing.get_context("fork").Process(target=run_student_side)
        process.start()
        theirs.close()
        started.append((process, ours))
        return Border(ours, trusting=False, seconds=seconds)

    yield start
    for process, connection in started:
        connection.close()
        process.kill()
        process.join()


ECHO = "def echo(*values, **named): return values[0] if values else named"


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, -(10**40), 1.5, float("inf"), "text 日本", [], [1, [2.0, "x"]], (1, (2,)),
        {"a": 1, 2: (3,)}, {1, 2}, frozenset({1}), 1.5 - 2j, b"\x00\xff", range(9, 0, -2),
        torch.float64, torch.int8, np.float64(0.1), np.int64(-3), np.bool_(True), np.complex64(2j),
    ],
    ids=repr,
)  # fmt: skip
def test_plain_data_cross_both_ways_with_their_types(student, value):
    echoed = student(ECHO).root.get("echo")(value)
    assert echoed == value and type(echoed) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3), np.arange(6, dtype=np.uint8)[::2], np.array([True, False]),
        np.zeros((0, 4), np.float16), np.array(3), np.array([1 + 2j]), np.arange(3, dtype=">i4"),
    ],
    ids=str,
)  # fmt: skip
def test_arrays_cross_both_ways_as_arrays_of_numbers(student, value):
    echoed = student(ECHO).root.get("echo")([value])[0]
    assert type(echoed) is np.ndarray and (echoed == value).all()
    assert echoed.dtype == value.dtype.newbyteorder("=") and echoed.shape == value.shape


def test_a_plain_assert_on_an_array_works(student):
    double = student("import numpy as np\ndef double(x): return np.asarray(x) * 2").root.get(
        "double"
    )
    assert (double(np.array([1, 2])) == np.array([2, 4])).all()
    assert double(np.float64(1.5)) == 3


@pytest.mark.parametrize("value", ["[None]", "['text']", "[np.datetime64(0, 's')]"])
def test_an_array_of_anything_but_numbers_is_refused(student, value):
    give = student(f"import numpy as np\ndef give(): return np.array({value})").root.get("give")
    with pytest.raises(ValueError, match=r"a NumPy array of dtype .* does not cross"):
        give()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.int64, bool])
def test_tensors_cross_with_dtype_and_values(student, dtype):
    dtype = torch.bool if dtype is bool else dtype
    value = (example(2, 3) * 4).to(dtype)
    echoed = student(ECHO).root.get("echo")(value)
    assert echoed.dtype == dtype and torch.equal(echoed, value)
    assert type(echoed) is torch.Tensor


def test_nan_infinity_and_empty_tensors_cross(student):
    echo = student(ECHO).root.get("echo")
    value = torch.tensor([float("nan"), float("inf"), -0.0])
    assert torch.equal(echo(value).nan_to_num(7.0), value.nan_to_num(7.0))
    assert echo(torch.empty(0, 4)).shape == (0, 4)
    assert echo(torch.tensor(3.0)).shape == ()


@pytest.mark.parametrize(
    "value",
    [example(4, 5).T, example(3, 1).expand(3, 6), example(2, 3, 4).permute(2, 0, 1)],
    ids=["transposed", "expanded", "permuted"],
)
def test_the_student_sees_tensors_as_they_lie_in_memory(student, value):
    strides = student("def strides(x): return list(x.stride()), x.tolist()").root.get("strides")
    assert strides(value) == (list(value.stride()), value.tolist())


def test_an_object_equal_to_everything_arrives_as_what_it_is(student):
    border = student("""
class Liar(float):
    def __eq__(self, other): return True
    def __hash__(self): return 0
class Tricky(torch.Tensor):
    def __eq__(self, other): return torch.ones(self.shape, dtype=torch.bool)
class Chameleon:
    def __eq__(self, other): return True
def number(): return Liar(3.0)
def tensor(): return torch.zeros(2).as_subclass(Tricky)
def thing(): return Chameleon()
""")
    number, tensor = border.root.get("number")(), border.root.get("tensor")()
    assert type(number) is float and number == 3.0 and number != 4.0
    assert type(tensor) is torch.Tensor and not torch.equal(tensor, torch.ones(2))
    assert border.root.get("thing")() != 5


def test_an_error_keeps_its_type_message_and_line(student):
    border = student("""
class Mine(ValueError): pass
def wrong(kind):
    raise {"value": ValueError, "mine": Mine, "exit": SystemExit}[kind]("expected 3")
""")
    wrong = border.root.get("wrong")
    for kind in ("value", "mine"):
        with pytest.raises(ValueError, match="expected 3") as caught:
            wrong(kind)
        assert caught.value.student_lines == ["in line 4 of the cell that defines wrong"]
    with pytest.raises(RuntimeError, match="SystemExit"):
        wrong("exit")
    assert border.root.get("wrong") is not None, "the student's process lives on"


def test_gradients_flow_through_a_students_function(student):
    border = student("""
def attention(query, key, value):
    weights = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)
    return weights @ value, weights
""")

    def reference(query, key, value):
        weights = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)
        return weights @ value, weights

    inputs = example(2, 5, 4, seed=1), example(2, 7, 4, seed=2), example(2, 7, 3, seed=3)
    check_same_as(reference, border.root.get("attention"), *inputs, must_hold="as the reference")


def test_a_cut_graph_shows(student):
    border = student("def cut(x): return x.detach() * 2")
    x = example(3).requires_grad_()
    assert not border.root.get("cut")(x).requires_grad


SPOIL = "def spoil(x, y): y[1]['y'][0] = 7; return x * 1"


@pytest.mark.parametrize("make", [torch.ones, np.ones])
@pytest.mark.parametrize("how", ["as it is", "by call"])
def test_what_a_test_hands_over_is_never_changed(student, make, how):
    spoil = student(SPOIL).root.get("spoil")
    y = make(4)
    with pytest.raises(CheckFailed, match="the arguments are left as they were"):
        if how == "by call":
            call(spoil, 1, [0, {"y": y}])
        else:
            spoil(1, [0, {"y": y}])
    assert (y == make(4)).all()


def test_what_a_function_of_the_test_hands_over_is_not_changed_either(student):
    border = student("""
def outer(function, x):
    x[0] = 7
    try:
        function(inner)
    except AssertionError:
        pass
def inner(w): w[0] = 7
""")
    x, w = torch.ones(2), torch.ones(2)
    with pytest.raises(CheckFailed):
        call(border.root.get("outer"), lambda inner: inner(w), x)
    assert x.tolist() == w.tolist() == [1, 1]


@pytest.mark.parametrize("make", [torch.ones, np.ones])
def test_a_test_can_ask_for_a_change_in_place(student, make):
    spoil = student(SPOIL).root.get("spoil")
    y = make(4)
    with in_place():
        assert spoil(1, (0, {"y": y})) == 1
        call(spoil, 1, (0, {"y": y}))
    assert y.tolist() == [7, 1, 1, 1]


def test_a_generator_goes_on_where_the_student_left_it(student):
    border = student("def draw(n, generator): return torch.rand(n, generator=generator)")
    here = torch.Generator().manual_seed(3)
    there = torch.Generator().manual_seed(3)
    draw = border.root.get("draw")
    for _ in range(2):
        assert torch.equal(draw(4, generator=there), torch.rand(4, generator=here))


MODULE = """
class Layer(nn.Module):
    def __init__(self, d, hidden=7):
        super().__init__()
        if d < 1: raise ValueError("expected d of at least 1")
        self.inner, self.outer = nn.Linear(d, hidden), nn.Linear(hidden, d, bias=False)
        self.calls = 0
    def forward(self, x):
        self.calls += 1
        return self.outer(self.inner(x).relu())
def apply(layer, x): return layer(x) * 2
def double_parameters(layer):
    with torch.no_grad():
        for p in layer.parameters(): p *= 2
"""


def with_numbers(layer):
    """A layer of either side with fixed numbers in its parameters, in float64."""
    return load(layer, make_state({n: tuple(p.shape) for n, p in layer.named_parameters()}))


def local_layer():
    namespace = {"nn": nn, "torch": torch}
    exec(MODULE, namespace)
    return with_numbers(namespace["Layer"](5).double())


def test_a_students_module_is_built_set_called_and_differentiated(student):
    border = student(MODULE)
    layer = border.root.get("Layer")(5)
    assert isinstance(layer, nn.Module) and type(layer) is ForeignModule
    layer.double()
    with_numbers(layer)
    x, ours = example(2, 3, 5), local_layer()
    assert torch.allclose(layer(x), ours(x), atol=1e-12)
    wanted, got = parameter_gradients(ours, x), parameter_gradients(layer, x)
    assert wanted.keys() == got.keys() == {"inner.weight", "inner.bias", "outer.weight"}
    for name in wanted:
        assert torch.allclose(wanted[name], got[name], atol=1e-12), name
    assert layer.calls == 2
    assert layer.eval().training is False and layer.train().training is True
    with pytest.raises(ValueError, match="at least 1"):
        border.root.get("Layer")(0)


def test_a_module_can_be_handed_back_to_the_students_code(student):
    border = student(MODULE)
    layer = with_numbers(border.root.get("Layer")(5).double())
    x, ours = example(2, 5), local_layer()
    assert torch.allclose(border.root.get("apply")(layer, x), ours(x) * 2, atol=1e-12)


def test_parameters_changed_on_either_side_are_changed_on_both(student):
    border = student(MODULE)
    layer = with_numbers(border.root.get("Layer")(5).double())
    x, ours = example(2, 5), local_layer()
    border.root.get("double_parameters")(layer)
    with torch.no_grad():
        for p in ours.parameters():
            p *= 2
    for mirror, p in zip(layer.parameters(), ours.parameters(), strict=True):
        assert torch.equal(mirror, p)
    with torch.no_grad():
        for p in (*layer.parameters(), *ours.parameters()):
            p -= 0.1
    assert torch.allclose(layer(x), ours(x), atol=1e-12)


def test_a_students_module_can_be_trained_by_the_judge(student):
    border = student(MODULE)
    layers = with_numbers(border.root.get("Layer")(5).double()), local_layer()
    x = example(40, 5)
    histories = [
        train(
            layer, (x, x.flip(1)), steps=10, batch_size=8, learning_rate=0.01, quiet=True,
            loss=lambda model, x, y: (model(x) - y).square().mean(),
            generator=torch.Generator().manual_seed(0),
        )
        for layer in layers
    ]  # fmt: skip
    assert histories[0] == pytest.approx(histories[1], abs=1e-9)
    assert histories[0][-1] < histories[0][0]


def test_the_judges_functions_are_called_back(student):
    border = student("""
def greedy(scores, ids, steps):
    for _ in range(steps):
        ids = torch.cat([ids, scores(ids).argmax(-1, keepdim=True)], dim=1)
    return ids
""")
    asked = []

    def scores(ids):
        asked.append(ids.shape[1])
        return nn.functional.one_hot((ids[:, -1] + 1) % 9, 9).double()

    result = border.root.get("greedy")(scores, torch.tensor([[3], [7]]), 3)
    assert result.tolist() == [[3, 4, 5, 6], [7, 8, 0, 1]] and asked == [1, 2, 3]


class Given(nn.Module):
    """A model of the test's own, which the student's code is given."""

    def __init__(self):
        super().__init__()
        self.pad_id, self.table = 4, nn.Parameter(example(6, 6))
        self.modes, self.secret_answers = [], 5

    def decode(self, ids, memory):
        self.modes.append((self.training, torch.is_grad_enabled()))
        return self.table[ids] * memory.sum()

    def forward(self, ids, memory):
        return self.decode(ids, memory).cumsum(1)


def test_gradients_reach_the_parameters_of_a_model_that_the_student_was_given(student):
    border = student("""
def loss(model, ids, memory):
    logits = model(ids, memory)
    return (logits * model.decode(ids, memory)).sum() * model.pad_id
""")
    model, ids = Given(), torch.tensor([[1, 2, 5]])
    memory = example(3).requires_grad_()
    wanted = (model(ids, memory) * model.decode(ids, memory)).sum() * 4
    got = border.root.get("loss")(model, ids, memory)
    assert torch.allclose(got, wanted)
    for tensor in (model.table, memory):
        (a,) = torch.autograd.grad(got, tensor, retain_graph=True)
        (b,) = torch.autograd.grad(wanted, tensor, retain_graph=True)
        assert torch.allclose(a, b, atol=1e-12)


def test_the_student_can_switch_mode_and_gradients_of_a_given_model(student):
    border = student("""
def translate(model, ids, memory):
    was = model.training
    model.eval()
    with torch.no_grad():
        out = model.decode(ids, memory)
    model.train(was)
    return out
""")
    model = Given()
    border.root.get("translate")(model, torch.tensor([[1]]), example(2))
    assert model.modes == [(False, False)] and model.training


@pytest.mark.parametrize(
    "act",
    [
        "model.load_state_dict({'table': torch.zeros(6, 6)})",
        "model.register_forward_hook(lambda *a: torch.zeros(1))",
        "model.apply(print)",
        "model.requires_grad_(False)",
        "model._modules",
        "model.forward.__globals__",
        "model.forward.__func__",
    ],
)
def test_the_student_cannot_reach_into_the_judges_objects(student, act):
    border = student(f"def attack(model): return {act}")
    model = Given()
    before = model.table.clone()
    with pytest.raises(AttributeError):
        border.root.get("attack")(model)
    assert torch.equal(model.table, before) and not model._forward_hooks


def test_the_student_cannot_change_a_given_models_parameters(student):
    border = student("""
def attack(model):
    with torch.no_grad():
        for p in model.parameters(): p.zero_()
    return model.decode(torch.tensor([0]), torch.ones(1, dtype=torch.float64))
""")
    model = Given()
    before = model.table.clone()
    border.root.get("attack")(model)
    assert torch.equal(model.table, before)


def test_asking_for_a_handle_hides_no_attribute_of_the_students_object(student):
    border = student("""
class Thing:
    def __init__(self): self.handle, self.owner, self.border = "the", "student's", "own"
    def __call__(self): return None
""")
    thing = border.root.get("Thing")()
    assert (thing.handle, thing.owner, thing.border) == ("the", "student's", "own")
    border.called.clear()
    thing()
    assert border.called == {handle_of(thing)}


def test_what_is_forgotten_cannot_be_used_again(student):
    border = student("def identity(x): return x")
    before = border.root.get("identity")
    border.forget()
    after = border.root.get("identity")
    assert handle_of(after) != handle_of(before)
    assert after(3) == 3
    with pytest.raises(BorderError):
        before(3)


def test_an_endless_loop_runs_out_of_time(student):
    border = student("def forever():\n    while True: pass", seconds=0.5)
    start = time.monotonic()
    with pytest.raises(BorderError, match="in time"):
        border.root.get("forever")()
    assert time.monotonic() - start < 5


def test_time_runs_through_all_calls_back_and_forth(student):
    border = student("def ping(f):\n    while True: f()", seconds=0.5)
    with pytest.raises(BorderError, match="in time"):
        border.root.get("ping")(lambda: None)


def test_calls_back_and_forth_are_bounded(student):
    border = student("def bounce(f, g): return f(g)")
    bounce = border.root.get("bounce")

    def back(g):
        return bounce(back, g)

    with pytest.raises((RecursionError, RuntimeError), match=r"back and forth|recursion"):
        bounce(back, 1)


def test_a_student_that_dies_is_told_apart_from_one_that_is_wrong(student):
    border = student("import os\ndef die(): os._exit(3)")
    with pytest.raises(BorderError, match="gone"):
        border.root.get("die")()


def test_deep_and_large_values_are_refused(student):
    border = student("""
def deep():
    value = []
    for _ in range(1000): value = [value]
    return value
def large(): return torch.zeros(70 * 2**20, dtype=torch.uint8)
""")
    with pytest.raises(ValueError, match="in each other"):
        border.root.get("deep")()
    with pytest.raises(ValueError, match="64 MiB"):
        border.root.get("large")()


def raw(text: bytes, tensors: bytes = b"", sizes=None):
    header = struct.pack("!QQ", *(sizes or (len(text), len(tensors))))
    return header + text + tensors


@pytest.mark.parametrize(
    "reply",
    [
        raw(b"", sizes=(2**60, 0)),
        raw(b"not json"),
        raw(b"[1, 2]"),
        raw(b"[" * 100_000),
        raw(json.dumps({"result": ["tensor", "0", False, [2], [1]]}).encode()),
        raw(json.dumps({"result": ["tensor", "0", False, [2], [1]]}).encode(), b"\0" * 40),
        raw(json.dumps({"result": ["yours", 10**6, []]}).encode()),
        raw(json.dumps({"result": ["pickle", "x"]}).encode()),
        raw(json.dumps({"result": ["plain", [1]]}).encode()),
        raw(json.dumps({"result": ["plain", 1], "changed": [[99, ["plain", 1]]]}).encode()),
        raw(b'{"result": ["plain", ' + b"9" * 5000 + b"]}"),
        raw(json.dumps({"error": {"kinds": 3}}).encode()),
        raw(json.dumps({"error": "x"}).encode()),
        raw(json.dumps({"updates": 3, "result": ["plain", 1]}).encode()),
        raw(json.dumps({"updates": {"own": [[1]]}, "result": ["plain", 1]}).encode()),
        raw(json.dumps({"op": "read"}).encode()),
        raw(json.dumps({"op": "backward", "number": 5}).encode()),
    ],
)  # fmt: skip
def test_a_forged_message_is_an_error_and_nothing_else(student, reply):
    """A student's process that writes to the socket itself cannot break the judge."""

    def talk(connection):
        connection.recv(2**16)
        connection.sendall(reply)
        connection.recv(2**16)

    border = student("", talk=talk, seconds=5)
    with pytest.raises(BorderError):
        border.root.get("f")


@pytest.mark.parametrize(("handle", "told"), [(0, "cannot be called"), (1, "cannot be read")])
def test_a_forged_request_cannot_call_what_it_was_not_given(student, handle, told):
    def talk(connection):
        connection.recv(2**16)
        message = {
            "op": "call", "number": 1, "target": ["yours", handle, []],
            "args": ["list", []], "kwargs": ["dict", []], "grad": True,
        }  # fmt: skip
        connection.sendall(raw(json.dumps(message).encode()))
        answer = connection.recv(2**16).decode(errors="replace")
        connection.sendall(raw(json.dumps({"result": ["plain", answer]}).encode()))

    border = student("", talk=talk, seconds=5)
    try:
        answer = border.root.anything()
    except BorderError as error:
        answer = str(error)
    assert told in answer


def test_a_function_of_this_side_that_never_ends_is_stopped(student):
    def endless():
        while True:
            pass

    border = student("def use(f): return f()", seconds=1.0)
    with pytest.raises(TooLate, match="in time"):
        border.root.get("use")(endless)


def replies(*messages):
    """A `talk` of the fixture `student` that gives these answers, whatever the requests are."""

    def talk(connection):
        for message in messages:
            connection.recv(2**16)
            text, tensors = message if isinstance(message, tuple) else (message, b"")
            connection.sendall(raw(json.dumps(text).encode(), tensors))
        connection.recv(2**16)

    return talk


FUNCTION = {"result": ["mine", 7, "f", None, []]}
NOTHING = {"result": ["plain", None]}


def test_only_what_a_call_was_given_can_be_changed_by_it(student):
    """Changed parameters travel with the next call, and are no arguments of it."""
    weights = save({"float32": torch.full((4,), 666.0)})
    forged = NOTHING | {"changed": [[0, ["tensor", ["float32", 0, [2, 2]], False, [2, 2], [2, 1]]]]}
    border = student("", talk=replies(FUNCTION, NOTHING, (forged, weights)), seconds=5)
    function, layer = border.root.f(), torch.nn.Linear(2, 2)
    function(layer)
    with torch.no_grad():
        layer.weight.fill_(1)
    with pytest.raises(BorderError):
        function(3)
    assert torch.equal(layer.weight, torch.ones(2, 2))


def test_a_parameter_that_is_replaced_after_a_call_back_is_replaced_here_too(student):
    border = student("""
class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
    def forward(self, function):
        function()
        self.weight = nn.Parameter(torch.ones(2))
""")
    layer = border.root.get("Layer")()
    layer(lambda: 0)
    assert torch.equal(dict(layer.named_parameters())["weight"], torch.ones(2))


# --- what one side may send at most -------------------------------------------------------

ONE = save({"bool": torch.ones(1, dtype=torch.bool), "uint8": torch.ones(8, dtype=torch.uint8)})
EVERYWHERE = "f00", -1, 1.0, True, None, 2**63, [1]  # none of these is a handle or a size


def tensor_of(shape, place=None):
    return ["tensor", place or ["bool", 0, [1]], False, shape, [0] * len(shape)]


@pytest.mark.parametrize(
    "tree",
    [
        tensor_of([-1, 20_000_000]),
        *(tensor_of([1], ["bool", number, [1]]) for number in EVERYWHERE),
        *(tensor_of([1], ["bool", 0, [number]]) for number in EVERYWHERE if number is not True),
        *(tensor_of([2, number]) for number in EVERYWHERE if number is not True),
        tensor_of([1] * 65),
        tensor_of([2**33, 2**33, 0]),
        ["list", [tensor_of([60 * 2**20]) for _ in range(2)]],
        ["list", [tensor_of([2**20]) for _ in range(65)]],
        ["array", ["uint8", 0, [8]], "float64", [-1]],
        ["array", ["uint8", 0, [8]], "object", [1]],
        ["array", ["uint8", 0, [8]], "float64", [2]],
        *(["yours", number, []] for number in EVERYWHERE),
        *(["mine", number, "f", None, []] for number in EVERYWHERE),
        ["mine", 1, "f" * 201, None, []],
        ["mine", 1, "f", {"x" * 201: [["bool", 0, [1]], False]}, []],
        ["method", ["mine", 1, "f", {}, []], "x" * 201],
        ["range", 0, 10**12, 1],
        ["range", 0, 1.5, 1],
        ["bytes", "no base 64"],
    ],
    ids=lambda tree: str(tree)[:60],
)  # fmt: skip
def test_a_number_or_a_name_that_cannot_be_is_refused(student, tree):
    border = student("", talk=replies(({"result": tree}, ONE)), seconds=5)
    with pytest.raises(BorderError):
        border.root.f()


def test_a_truth_value_is_true_or_false(student):
    """A byte other than 0 and 1 would be equal to neither."""
    two = save({name: torch.full((1,), 2, dtype=torch.uint8) for name in ("bool", "uint8")})
    array = ["array", ["uint8", 0, [1]], "bool", [1]]
    border = student("", talk=replies(({"result": ["list", [tensor_of([1]), array]]}, two)))
    tensor, array = border.root.f()
    assert (tensor == torch.tensor([True])).all() and (array == np.array([True])).all()


FLOODS = {
    "objects": "def flood(_):\n    return [lambda: 0 for _ in range(1000)]",
    "parameters": "def flood(_): return nn.Linear(2**8, 2**8)",
    "handles": "def flood(f): return [f() for _ in range(100)]",
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_what_this_side_would_keep_is_an_error(student, name, monkeypatch):
    monkeypatch.setattr(objects, "MAX_OBJECTS", 3000)
    monkeypatch.setattr(objects, "MAX_KEPT", 2**22)
    flood = student(FLOODS[name], seconds=60).root.get("flood")
    kept = []
    with pytest.raises(BorderError, match=r"(objects|parameters) do not cross in one test"):
        for _ in range(200):
            kept.append(flood(lambda: lambda: 0))


LARGEST = {
    "tensor": "torch.zeros(64 * 2**20, dtype=torch.uint8)",
    "expanded tensor": "torch.zeros(1, dtype=torch.uint8).expand(64 * 2**20)",
    "expanded tensors": "[torch.zeros(1).expand(15 * 2**20)] * 60",
    "array": "__import__('numpy').zeros(8 * 2**20)",
    "text": "'x' * 4_190_000",
    "lists": "[[]] * 300_000",
    "tensors": "[torch.zeros(1)] * 60_000",
}


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not tell the peak of memory anew")
@pytest.mark.parametrize("what", LARGEST)
def test_reading_the_largest_message_takes_a_bounded_amount_of_memory(student, what):
    give = student(f"def give(): return {LARGEST[what]}", seconds=60).root.get("give")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # sets the peak to what is used
    before = memory("VmRSS")
    with contextlib.suppress(ValueError):
        give()
    assert memory("VmHWM") - before < 400 * 2**20


def memory(kind):
    """Bytes of memory of this process: used now (VmRSS), or used at most so far (VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.partition(f"{kind}:")[2].split()[0])


def test_of_many_calls_back_only_the_last_keep_their_gradients(student, monkeypatch):
    monkeypatch.setattr(objects, "MAX_GRAPHS", 20)
    monkeypatch.setattr(objects, "MAX_KEPT", 2**18)
    border = student("""
def many(f, n):
    x = torch.ones(2**12, requires_grad=True)
    first = f(x)
    for _ in range(n): last = f(x)
    last.sum().backward()
    try:
        first.sum().backward()
    except KeyError as error:
        return x.grad[0].item(), str(error)
""", seconds=60)  # fmt: skip
    kept = border._objects._graphs
    gradient, error = border.root.get("many")(lambda x: 2 * x, 18)
    assert gradient == 2 and "no longer kept" in error
    assert sum(t.nbytes for outputs, _ in kept.values() for t in outputs) <= 2**18
    few = border.root.get("many")(lambda x: x[:1] * 3, 30)
    assert few[0] == 3 and len(kept) == 20


def test_a_result_of_too_much_text_is_an_error_of_the_call(student):
    border = student("def long(): return 'x' * 5_000_000\ndef after(): return 1")
    with pytest.raises(ValueError, match="does not cross"):
        border.root.get("long")()
    assert border.root.get("after")() == 1


def test_code_that_catches_every_exception_is_stopped_all_the_same(student):
    def stubborn():
        until = time.monotonic() + 8
        caught = 0
        while time.monotonic() < until and caught < 2:
            try:
                while time.monotonic() < until:
                    pass
            except BaseException:
                caught += 1
                if caught == 2:
                    raise

    border = student("def use(f): return f()", seconds=0.5)
    start = time.monotonic()
    with pytest.raises(TooLate):
        border.root.get("use")(stubborn)
    assert time.monotonic() - start < 5


def test_no_test_takes_a_fault_of_the_border_for_an_exception_of_the_code(student):
    border = student("import os\ndef die(): os._exit(3)")
    with pytest.raises(BorderError):
        check_raises(Exception, border.root.get("die"), must_hold="bad input is refused")


def test_only_parameters_can_be_updated_and_only_with_tensors(student):
    forged = NOTHING | {"updates": {"own": [[7, "x", ["plain", "pwned"]]]}}
    border = student("", talk=replies(FUNCTION, forged), seconds=5)
    function = border.root.f()
    with pytest.raises(BorderError):
        function(3)


@pytest.mark.parametrize("kind", ["StopIteration", "ExceptionGroup", "UnicodeDecodeError"])
def test_an_error_arrives_as_one_that_means_no_more_than_its_message(student, kind):
    error = {"kinds": [kind, "Exception"], "text": "x" * 10**6, "lines": []}
    border = student("", talk=replies({"error": error}), seconds=5)
    with pytest.raises(Exception, match=f"^{kind}: xxx") as caught:
        _ = border.root.f()
    assert type(caught.value) is Exception and len(str(caught.value)) < 6000


def test_a_value_that_takes_long_to_read_is_too_late(student):
    """All these numbers have the same hash, so that making a set of them takes long."""
    items = [["plain", i * (2**61 - 1)] for i in range(1, 60_000)]
    border = student("", talk=replies({"result": ["set", items]}), seconds=1.0)
    start = time.monotonic()
    with pytest.raises(TooLate):
        _ = border.root.f()
    assert time.monotonic() - start < 10
