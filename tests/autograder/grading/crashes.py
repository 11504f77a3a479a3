"""Code that ends its process, never ends, or takes all there is: it costs its own exercise."""

from class_of_hostiles import Notebook, handed_in

STOPPED = "as if it were not there"


@handed_in(lost="softmax", note="ended", shown="the last words")
def exit_in_a_cell(notebook: Notebook) -> None:
    notebook.answer("softmax", "import os\nprint('the last words')\nos._exit(0)")


@handed_in(lost="softmax", note=STOPPED)
def a_kill_signal_to_itself(notebook: Notebook) -> None:
    notebook.answer("softmax", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")


@handed_in(lost="softmax", note="While softmax was tried")
def exit_in_a_function(notebook: Notebook) -> None:
    notebook.answer("softmax", "import os\ndef softmax(scores, mask=None): os._exit(0)")


@handed_in(lost="softmax", note="SystemExit")
def a_polite_exit(notebook: Notebook) -> None:
    notebook.append("softmax", "import sys\nsys.exit(0)")


@handed_in(lost="softmax")
def a_polite_exit_in_a_function(notebook: Notebook) -> None:
    notebook.answer("softmax", "def softmax(scores, mask=None): raise SystemExit(0)")


@handed_in(lost="softmax", note="KeyboardInterrupt")
def an_interrupt(notebook: Notebook) -> None:
    notebook.append("softmax", "raise KeyboardInterrupt")


@handed_in(lost="softmax")
def an_interrupt_in_a_function(notebook: Notebook) -> None:
    notebook.answer("softmax", "def softmax(scores, mask=None): raise KeyboardInterrupt")


@handed_in(lost="softmax", note="had not ended")
def an_endless_cell(notebook: Notebook) -> None:
    notebook.append("softmax", "while True: pass")


@handed_in(lost="softmax", note="no answer came")
def an_endless_function(notebook: Notebook) -> None:
    notebook.answer("softmax", "def softmax(scores, mask=None):\n    while True: pass")


@handed_in(lost="softmax", note="no answer came")
def a_function_that_swallows_what_stops_it(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "def softmax(scores, mask=None):\n"
        "    while True:\n"
        "        try:\n"
        "            while True: pass\n"
        "        except BaseException: pass",
    )


@handed_in(lost="softmax")
def endless_recursion(notebook: Notebook) -> None:
    notebook.answer("softmax", "def softmax(scores, mask=None): return softmax(scores, mask)")


@handed_in(lost="softmax", note="While softmax was tried")
def recursion_without_a_limit(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "def softmax(scores, mask=None): return max(map(lambda n: softmax(scores), [1]))",
    )


@handed_in(lost="softmax", note=STOPPED)
def a_segmentation_fault(notebook: Notebook) -> None:
    notebook.append("softmax", "import ctypes\nctypes.string_at(0)")


@handed_in(lost="softmax", note="While softmax was tried")
def a_segmentation_fault_in_a_function(notebook: Notebook) -> None:
    notebook.answer("softmax", "import ctypes\ndef softmax(scores, mask=None): ctypes.string_at(0)")


@handed_in(lost="softmax")
def a_memory_bomb(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "def softmax(scores, mask=None):\n"
        "    kept = []\n"
        "    while True: kept.append(torch.ones(10**7))",
    )


@handed_in(lost="softmax")
def a_memory_bomb_of_many_processes(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os, time\n"
        "for _ in range(20):\n"
        "    if os.fork() == 0:\n"
        "        kept = bytearray(900 * 2**20)\n"
        "        kept[::4096] = bytes(len(kept[::4096]))\n"
        "        time.sleep(60)\n"
        "raise MemoryError",
    )


@handed_in(lost="softmax")
def a_fork_bomb(notebook: Notebook) -> None:
    notebook.answer("softmax", "import os\nwhile True: os.fork()")


@handed_in(lost="softmax")
def a_fork_bomb_in_a_function(notebook: Notebook) -> None:
    notebook.answer(
        "softmax", "import os\ndef softmax(scores, mask=None):\n    while True: os.fork()"
    )


@handed_in(lost="softmax")
def a_full_disk(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import itertools\n"
        "for number in itertools.count():\n"
        "    with open(f'/tmp/{number}', 'wb') as file: file.write(bytes(2**20))",
    )


@handed_in(lost="softmax")
def a_full_disk_of_empty_files(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import itertools\nfor number in itertools.count(): open(f'/dev/shm/{number}', 'w')",
    )


@handed_in(shown="is left out")
def endless_printing(notebook: Notebook) -> None:
    notebook.append("softmax", "for number in range(200_000): print('x' * 50)")


@handed_in(lost="softmax")
def endless_printing_in_a_function(notebook: Notebook) -> None:
    notebook.answer("softmax", "def softmax(scores, mask=None):\n    while True: print('x' * 1000)")


@handed_in(lost="softmax", shown="nobody is there to answer")
def a_question(notebook: Notebook) -> None:
    notebook.answer("softmax", "answer = input('softmax? ')\ndef softmax(s, mask=None): return s")


@handed_in(lost="softmax")
def a_debugger(notebook: Notebook) -> None:
    notebook.answer("softmax", "def softmax(scores, mask=None):\n    breakpoint()\n    return 1.0")


@handed_in(note="is slow")
def slow_but_right(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "import time\n"
        "right, naps = softmax, [2.5]\n"
        "def softmax(scores, mask=None):\n"
        "    time.sleep(naps.pop() if naps else 0)\n"
        "    return right(scores, mask)",
    )


@handed_in(lost="softmax", note="no answer came")
def far_too_slow(notebook: Notebook) -> None:
    notebook.append(
        "softmax",
        "import time\n"
        "right = softmax\n"
        "def softmax(scores, mask=None):\n"
        "    time.sleep(30)\n"
        "    return right(scores, mask)",
    )


# more of the kind


@handed_in(lost=("causal_mask", "softmax", "rotary_positions"), note=STOPPED)
def three_crashes_of_different_kinds(notebook: Notebook) -> None:
    notebook.answer("causal_mask", "import os\nos._exit(1)")
    notebook.answer("softmax", "import ctypes\ndef softmax(s, mask=None): ctypes.string_at(0)")
    notebook.answer("rotary_positions", "while True: pass")


@handed_in(lost="softmax", note=STOPPED)
def a_crash_that_depends_on_the_time(notebook: Notebook) -> None:
    notebook.answer("softmax", "import os, time\nif time.time() > 0: os.abort()")


@handed_in(lost="softmax")
def a_signal_to_everybody(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os, signal\n"
        "for process in range(2, 100):\n"
        "    try: os.kill(process, signal.SIGKILL)\n"
        "    except OSError: pass\n",
    )


@handed_in(lost="softmax")
def a_stopped_process(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os, signal\ndef softmax(scores, mask=None): os.kill(os.getpid(), signal.SIGSTOP)",
    )


@handed_in(lost="softmax")
def a_line_to_the_grader_that_is_cut(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os\ndef softmax(scores, mask=None):\n    os.closerange(3, 256)\n    return scores",
    )


@handed_in(lost="softmax")
def half_a_message(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os, struct, time\n"
        "def softmax(scores, mask=None):\n"
        "    for descriptor in range(3, 64):\n"
        "        try: os.write(descriptor, struct.pack('!BI', 6, 1000) + b'half')\n"
        "        except OSError: pass\n"
        "    time.sleep(60)",
    )


@handed_in(lost="softmax")
def the_promise_of_four_gigabytes(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os, struct, time\n"
        "def softmax(scores, mask=None):\n"
        "    for descriptor in range(3, 64):\n"
        "        try: os.write(descriptor, struct.pack('!BI', 6, 2**32 - 1))\n"
        "        except OSError: pass\n"
        "    time.sleep(60)",
    )


@handed_in(lost="softmax")
def a_flood_over_the_line(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os, msgpack, struct\n"
        "message = msgpack.packb({'type': 'stream', 'name': 'stdout', 'text': 'x' * 10**6})\n"
        "frame = struct.pack('!BI', 4, len(message)) + message\n"
        "while True:\n"
        "    for descriptor in range(3, 16):\n"
        "        try: os.write(descriptor, frame)\n"
        "        except OSError: pass",
    )


@handed_in(lost="softmax")
def an_exit_while_a_value_is_encoded(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os\n"
        "class Deadly(list):\n"
        "    def __len__(self): os._exit(0)\n"
        "    __iter__ = __len__\n"
        "def softmax(scores, mask=None):\n"
        "    from autograder.checking import values\n"
        "    values.encode = lambda *a: os._exit(0)\n"
        "    return Deadly()",
    )


@handed_in(lost="softmax")
def an_alarm(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import signal, time\n"
        "signal.signal = lambda *a: None\n"
        "signal.setitimer = lambda *a: None\n"
        "def softmax(scores, mask=None): time.sleep(60)",
    )


@handed_in(lost="softmax")
def threads_without_number(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import threading, time\n"
        "while True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    )


@handed_in(lost="softmax")
def shared_memory_without_number(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "from multiprocessing import shared_memory\n"
        "kept = []\n"
        "while True:\n"
        "    block = shared_memory.SharedMemory(create=True, size=2**24)\n"
        "    block.buf[:] = bytes(2**24); kept.append(block)",
    )


@handed_in(lost="softmax")
def a_search_that_takes_for_ever(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import re\ndef softmax(scores, mask=None): return re.match('(a+)+$', 'a' * 64 + 'b')",
    )
