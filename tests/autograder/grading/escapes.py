"""Reaching out of the sandbox: whatever a cell tries, it finds nothing and changes nothing.

A cell that finds something prints FOUND.
"""

import tempfile
from pathlib import Path

from class_of_hostiles import RELEASED, Notebook, handed_in

REPOSITORY = RELEASED.parents[2]
SPRUNG = Path(tempfile.gettempdir(), "a-pickle-was-loaded-by-the-grader")


@handed_in(never_shown="FOUND")
def reading_specs_and_solutions(notebook: Notebook) -> None:
    notebook.first(
        "import importlib, os\n"
        "for name in ('solutions', 'solutions.attention', 'autograder.specs.attention.softmax',\n"
        "             'autograder.spec', 'autograder.spec.drawn_cases',\n"
        "             'autograder.grading.judge_notebook'):\n"
        "    try:\n"
        "        importlib.import_module(name); print('FOUND', name)\n"
        "    except ImportError: pass\n"
        f"for path in ('{REPOSITORY}/solutions', '{REPOSITORY}/autograder',\n"
        f"             '{REPOSITORY}/.git', '{REPOSITORY}/exercises'):\n"
        "    if os.path.exists(path): print('FOUND', path)"
    )


@handed_in(never_shown="FOUND")
def searching_the_whole_disk(notebook: Notebook) -> None:
    notebook.first(
        "import os\n"
        "for parent, folders, files in os.walk('/'):\n"
        "    if parent == '/': folders[:] = set(folders) - {'proc', 'sys', 'usr'}\n"
        "    if 'site-packages' in parent or 'lib/python' in parent: folders[:] = []; continue\n"
        "    for name in files:\n"
        "        if name.endswith(('.db', '.secret', '.ipynb', '.cases')): print('FOUND', name)"
    )


@handed_in(never_shown="FOUND")
def reading_the_course(notebook: Notebook) -> None:
    notebook.first(
        "import glob, os\n"
        "for pattern in ('../*', '../../*', '../../../*/*', '/*/gradebook.db',\n"
        "                '/tmp/*/gradebook.db', '/tmp/*/*/gradebook.db', '/home/*',\n"
        "                '/proc/*/root/*/submitted',\n"
        "                '/proc/1/cwd/*', '/proc/*/fd/*'):\n"
        "    for path in glob.glob(pattern):\n"
        "        if any(word in os.path.realpath(path) for word in\n"
        "               ('gradebook', 'submitted', 'seeds', 'release/', 'results')):\n"
        "            print('FOUND', path)"
    )


@handed_in(never_shown="FOUND")
def writing_the_gradebook(notebook: Notebook) -> None:
    notebook.first(
        "import os, sqlite3\n"
        "for folder in ('.', '..', '../..', '../../..', '/', '/course', '/usr', '/dev', '/etc'):\n"
        "    if os.path.exists(f'{folder}/gradebook.db'): print('FOUND', folder)\n"
        "    if folder not in ('.', '..') and os.access(folder, os.W_OK): print('FOUND', folder)\n"
        "database = sqlite3.connect('gradebook.db')\n"
        "database.execute('create table grade (auto_score float)')\n"
        "database.commit()"
    )


@handed_in(never_shown="FOUND")
def reaching_the_network(notebook: Notebook) -> None:
    notebook.first(
        "import socket\n"
        "for address in (('127.0.0.1', 22), ('127.0.0.1', 8888), ('192.0.2.1', 80)):\n"
        "    try:\n"
        "        socket.create_connection(address, 0.2); print('FOUND', address)\n"
        "    except OSError: pass\n"
        "try: socket.getaddrinfo('example.org', 80); print('FOUND a name server')\n"
        "except OSError: pass\n"
        "for name in ('\\0docker', '/var/run/docker.sock', '/run/dbus/system_bus_socket'):\n"
        "    try: socket.socket(socket.AF_UNIX).connect(name); print('FOUND', name)\n"
        "    except OSError: pass"
    )


@handed_in(never_shown="FOUND")
def tracing_and_signalling(notebook: Notebook) -> None:
    notebook.first(
        "import ctypes, os, signal\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.ptrace(16, 1, 0, 0) == 0: print('FOUND: it can trace')\n"
        "others = {int(n) for n in os.listdir('/proc') if n.isdigit()} - {1, os.getpid()}\n"
        "if others: print('FOUND processes', others)\n"
        "for number in (1, os.getppid()):\n"
        "    try:\n"
        "        open(f'/proc/{number}/mem', 'r+b'); print('FOUND the memory of', number)\n"
        "    except OSError: pass\n"
        "os.kill(1, signal.SIGTERM); os.kill(1, signal.SIGKILL); os.kill(1, signal.SIGINT)"
    )


@handed_in(never_shown="FOUND")
def new_namespaces_and_mounts(notebook: Notebook) -> None:
    notebook.first(
        "import ctypes, os, subprocess\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "for flag in (0x00020000, 0x10000000, 0x20000000, 0x40000000):\n"
        "    if libc.unshare(flag) == 0: print('FOUND a namespace', hex(flag))\n"
        "if libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0: print('FOUND a mount')\n"
        "if libc.umount2(b'/proc', 2) == 0: print('FOUND what is below /proc')\n"
        "if libc.chroot(b'/tmp') == 0: print('FOUND a root')\n"
        "for command in (['unshare', '-U', 'true'], ['bwrap', '--ro-bind', '/', '/', 'true'],\n"
        "                ['su', '-c', 'true'], ['sudo', '-n', 'true'], ['umount', '/proc']):\n"
        "    try:\n"
        "        if subprocess.run(command, capture_output=True, timeout=5).returncode == 0:\n"
        "            print('FOUND', command)\n"
        "    except OSError: pass"
    )


@handed_in(never_shown="FOUND")
def system_calls_that_no_exercise_needs(notebook: Notebook) -> None:
    notebook.first(
        "import ctypes, platform\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "numbers = {'x86_64': [250, 298, 321, 323, 425, 319, 310, 304, 434 + 4], \n"
        "           'aarch64': [219, 241, 280, 282, 425, 279, 270, 265, 438]}[platform.machine()]\n"
        "for number in numbers:\n"
        "    ctypes.set_errno(0)\n"
        "    libc.syscall(number, 0, 0, 0, 0, 0)\n"
        "    if ctypes.get_errno() != 1: print('FOUND system call', number, ctypes.get_errno())"
    )


@handed_in(lost="softmax")
def a_hostile_pickle(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import os, pickle, torch\n"
        "class Trap:\n"
        f"    def __reduce__(self): return os.system, ('touch {SPRUNG}',)\n"
        "torch.save(Trap(), 'weights.pt')\n"
        "def softmax(scores, mask=None): return pickle.dumps(Trap())",
    )


SCRIPT = "<script>alert('FOUND')</script>"
SHOWN = (
    f"from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display\n"
    f"script = {SCRIPT!r}\n"
    "display(HTML(script + '<b onclick=alert(1)>bold</b><iframe src=x></iframe>'))\n"
    "display(HTML('<!--><script>alert(2)</script>-->'))\n"
    "display(HTML('<img src=x onerror=alert(3)><a href=\"javascript:alert(4)\">link</a>'))\n"
    "display(Markdown(script), Latex('$x$' + script), Javascript('alert(5)'))\n"
    'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(6)"></svg>\'))\n'
    "display({'image/png': '\\\"><script>alert(7)</script>', 'text/plain': 'x'}, raw=True)\n"
    "display({'application/vnd.jupyter.widget-view+json': script, 'text/plain': 'y'}, raw=True)\n"
    "print(script)"
)
ACTING = (
    "<script>alert", "<iframe", "onclick=", "onerror=alert(3)", "javascript:alert", "alert(5)",
    "<svg", "\"><script",
)  # fmt: skip


@handed_in(never_shown=ACTING, shown="<b>bold</b>")
def a_script_among_the_outputs(notebook: Notebook) -> None:
    notebook.first(SHOWN)


@handed_in(never_shown=("<script>alert", "<img src=x onerror", "<iframe"))
def a_script_in_text(notebook: Notebook) -> None:
    notebook.answer("why_not_generate", f"An answer. {SCRIPT} <img src=x onerror=alert(1)>")
    notebook.before("causal_mask", f"`{SCRIPT}` <iframe src=x></iframe>", kind="markdown")
    raw = notebook.node.cells[0].copy()
    raw.update(cell_type="raw", source=SCRIPT, id="raw", metadata={"raw_mimetype": "text/html"})
    notebook.node.cells.insert(1, raw)


@handed_in()
def modules_beside_the_notebook(notebook: Notebook) -> None:
    for name in ("torch.py", "sitecustomize.py", "conftest.py", "numpy.py", "autograder.py",
                 "msgpack.py", "IPython/__init__.py"):  # fmt: skip
        notebook.beside(name, "raise SystemExit('FOUND')")


# more of the kind


@handed_in(never_shown="FOUND")
def files_of_another_submission(notebook: Notebook) -> None:
    notebook.first(
        "import os, pathlib\n"
        "for folder in ('/tmp', '/dev/shm', '/var/tmp', '/run', '/home', '/root', '/dev/mqueue'):\n"
        "    try:\n"
        "        if (pathlib.Path(folder) / 'note-to-the-next').exists(): print('FOUND', folder)\n"
        "        (pathlib.Path(folder) / 'note-to-the-next').write_text('psst')\n"
        "    except OSError: pass"
    )


@handed_in(never_shown="FOUND")
def files_of_another_submission_again(notebook: Notebook) -> None:
    files_of_another_submission(notebook)


@handed_in(never_shown="FOUND")
def terminals(notebook: Notebook) -> None:
    notebook.first(
        "import fcntl, os, termios\n"
        "for path in ('/dev/tty', '/dev/console', '/dev/pts/0', '/dev/pts/1'):\n"
        "    try:\n"
        "        terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)\n"
        "        fcntl.ioctl(terminal, termios.TIOCSTI, b'x'); print('FOUND', path)\n"
        "    except OSError: pass"
    )


@handed_in(never_shown=("FOUND", "Traceback"))
def secrets_in_the_environment(notebook: Notebook) -> None:
    notebook.first(
        "import os\n"
        "for name, value in os.environ.items():\n"
        "    if any(word in (name + value).upper() for word in\n"
        f"           ('SECRET', 'TOKEN', 'KEY', 'GRADEBOOK', '{str(REPOSITORY).upper()}/A')):\n"
        "        print('FOUND', name)"
    )


@handed_in(never_shown="FOUND")
def a_link_out_of_its_folder(notebook: Notebook) -> None:
    notebook.first(
        "import os\n"
        "os.symlink('/proc/1/root', 'out')\n"
        "os.symlink('/', 'root')\n"
        "for path in ('out/etc/passwd', 'root/etc/shadow', 'root/root/.ssh', 'root/etc/passwd'):\n"
        "    if os.path.exists(path): print('FOUND', path)"
    )


@handed_in(lost="softmax", never_shown="FOUND")
def a_descriptor_sent_to_the_grader(notebook: Notebook) -> None:
    notebook.answer(
        "softmax",
        "import array, os, socket\n"
        "def softmax(scores, mask=None):\n"
        "    for number in range(3, 64):\n"
        "        try:\n"
        "            line = socket.socket(fileno=os.dup(number))\n"
        "            socket.send_fds(line, [b'\\x06\\0\\0\\0\\1x'], [0, 1, 2] * 20)\n"
        "        except OSError: pass\n"
        "    return scores",
    )


@handed_in(never_shown=("](page", "](./page", "](<page", "]: page"))
def a_link_to_a_page_of_ones_own(notebook: Notebook) -> None:
    notebook.beside("page.html", SCRIPT)
    notebook.beside("page.svg", '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
    notebook.answer(
        "why_not_generate",
        "See [my plot](page.html), [another](./page.svg#x), [a third](<page.html>) and [y].\n\n"
        "[y]: page.html\n\n> [y]:\n> page.html",
    )
