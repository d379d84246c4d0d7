# Tells the hat that somebody walks round it, 1.5 m away:
#
#   python3 say_person.py [SOCKET]
#
# or where somebody is, as degrees and metres, a line at a time. A line is believed for two
# seconds, so it is said again for as long as he is there:
#
#   while sleep 1; do echo 45 1.5; done | python3 say_person.py - [SOCKET]

import itertools, socket, sys, time

def walk():
    for bearing in itertools.count(0, 10):
        yield f"{bearing % 360} 1.5"
        time.sleep(0.5)

arguments = sys.argv[1:]
places = sys.stdin if arguments[:1] == ["-"] and arguments.pop(0) else walk()
hat = socket.socket(socket.AF_UNIX)
hat.connect(arguments[0] if arguments else "/run/tentacle-hat/cue")
answers = hat.makefile()
for place in places:
    hat.sendall(f"person me.1 {place.strip()}\n".encode())
    answer = answers.readline()
    if answer != "ok\n":
        print(answer, end="", flush=True)
