#!/usr/bin/env python3
"""What bench_gateway.sh cannot see with wrk.

  bench_process.py start RUNS COMMAND...     milliseconds from the start of the command to its first answer, the median
  bench_process.py memory PID PORT COUNT     MiB that the process has resident with COUNT connections open, each of which
                                             has been served one call and waits for the next

Connections come from many addresses of 127/8: one has 28,000 ports.
"""
import re
import resource
import socket
import statistics
import subprocess
import sys
import time

REQUEST = b"GET /?user_key=k HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
PER_ADDRESS = 2000


def answer(connection):
    connection.sendall(REQUEST)
    bytes_ = connection.recv(65536)
    if not bytes_.startswith(b"HTTP/1.1 200"):
        sys.exit("bench_process: not a 200 answer: %r" % bytes_[:200])


def start_once(command):
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in process.stdout:
        port = re.match(r"ready .*?\bport=(\d+)", line)
        if port:
            break
    else:
        sys.exit("bench_process: the command did not start")
    with socket.create_connection(("127.0.0.1", int(port.group(1)))) as connection:
        answer(connection)
    took = time.monotonic() - began
    process.terminate()
    process.wait()
    return took * 1000


def resident_mib(pid):
    with open("/proc/%s/status" % pid) as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) / 1024


def memory(pid, port, count):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + 100:
        sys.exit("bench_process: only %d open files are allowed" % hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = []
    for number in range(count):
        source = "127.0.0.%d" % (2 + number // PER_ADDRESS)
        connections.append(socket.create_connection(("127.0.0.1", port), source_address=(source, 0)))
        answer(connections[-1])
    return resident_mib(pid)


def main(arguments):
    socket.setdefaulttimeout(10)
    if arguments[0] == "start":
        print("%.1f" % statistics.median(start_once(arguments[2:]) for _ in range(int(arguments[1]))))
    else:
        print("%.1f" % memory(arguments[1], int(arguments[2]), int(arguments[3])))


main(sys.argv[1:])
