"""No socket leads out of a submission's process: of all families only the local one can be had."""

import json
import platform
from collections.abc import Iterator

import pytest

from autograder.grading.inside.limits import Limits
from autograder.grading.run_notebook import NotebookRun
from autograder.grading.sandbox import Sandbox

FAMILIES = range(46)  # all that Linux has
LOCAL = 1

EVERY_FAMILY = f"""
import ctypes, errno, json, socket
libc = ctypes.CDLL(None, use_errno=True)
found, pair = {{}}, (ctypes.c_int * 2)()
for family in {list(FAMILIES)}:
    # the kernel looks at the lower half of a number only, so that a filter must not look at more
    for written in (family, family | 1 << 32, family | 1 << 63):
        for kind in (*range(1, 8), 10):
            for protocol in (0, 1, 6, 17, 255):
                arguments = map(ctypes.c_ulong, (written, kind, protocol))
                number = libc.syscall(ctypes.c_long(NUMBER), *arguments, pair)
                why = "opened" if number >= 0 else errno.errorcode[ctypes.get_errno()]
                found.setdefault(family, set()).add(why)
print(json.dumps({{family: sorted(whys) for family, whys in found.items()}}))
"""
NUMBERS = {"x86_64": ("41", "53"), "aarch64": ("198", "199")}

LOCAL_ONES = """
import asyncio, json, multiprocessing, socket
left, right = socket.socketpair()
left.send(b"x"); found = [right.recv(1).decode()]
found.append(await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(None, str, "y"), 5))
with multiprocessing.Manager() as manager: found.append(manager.list(["z"])[0])
print(json.dumps(found))
"""

# socket(AF_INET, SOCK_STREAM, 0) in numbers of the other two machines that an x86 processor can be
OTHER_MACHINES = """
import ctypes, json, mmap
code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex(MACHINE_CODE))
run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
print(json.dumps(run()))
"""
BY_INTERRUPT = (
    "53"  # push rbx
    "b867010000"  # mov eax, 359: socket
    "bb02000000b901000000ba00000000"  # mov ebx, 2; mov ecx, 1; mov edx, 0
    "cd80"  # int 0x80
    "5bc3"  # pop rbx; ret
)
IN_X32 = (
    "b829000040"  # mov eax, 0x40000029: socket
    "bf02000000be01000000ba00000000"  # mov edi, 2; mov esi, 1; mov edx, 0
    "0f05c3"  # syscall; ret
)
on_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="of x86 processors")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def ran(sandbox: Sandbox, source: str) -> tuple[list, str]:
    """Return what a cell prints, and why it did not come to its end."""
    with NotebookRun(sandbox, [source], {}, Limits(), 0) as run:
        run.run_cell(0)
        texts = [output.text for output in run.outputs[0] if output.get("name") == "stdout"]
        return [json.loads(text) for text in texts], run.ended.get(0, "")


@pytest.mark.parametrize("pair", [False, True])
def test_every_family_but_the_local_one_is_refused(sandbox: Sandbox, pair: bool):
    number = NUMBERS[platform.machine()][pair]
    (found,), why = ran(sandbox, EVERY_FAMILY.replace("NUMBER", number))
    assert why == ""
    assert found.keys() == {str(family) for family in FAMILIES}
    local = found.pop(str(LOCAL))
    assert "opened" in local
    assert "EPERM" not in local
    assert [family for family, whys in found.items() if whys != ["EPERM"]] == []


def test_what_honest_code_says_to_itself_arrives(sandbox: Sandbox):
    assert ran(sandbox, LOCAL_ONES) == ([["x", "y", "z"]], "")


@on_x86
def test_numbers_of_the_old_machine_end_the_process(sandbox: Sandbox):
    source = OTHER_MACHINES.replace("MACHINE_CODE", repr(BY_INTERRUPT))
    assert ran(sandbox, source) == ([], "it ended or crashed its process")


@on_x86
def test_numbers_of_the_other_machine_are_refused(sandbox: Sandbox):
    (found,), why = ran(sandbox, OTHER_MACHINES.replace("MACHINE_CODE", repr(IN_X32)))
    assert (found, why) == (-1, "")  # EPERM; of a kernel that has no such calls, it were -38
