// A QEMU plugin that counts the instructions and system calls of an emulated program and
// prints both to stderr when it exits. Made and used by `.ci/armv6 count`.
//
// A count does not depend on how busy the machine is, as a time does. To leave start-up out,
// run N and 2N frames and subtract.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

// Debian ships no qemu-plugin.h. This is what is used of it (API version 1, QEMU 7.2).
struct qemu_plugin_tb; // a run of instructions with one way in, translated as a whole
typedef uint64_t plugin_id;
typedef uint64_t u64;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned cpu, void *),
                                          int flags, void *);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id, void (*)(plugin_id, unsigned cpu, int64_t nr, u64,
                                                              u64, u64, u64, u64, u64, u64, u64));
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);

int qemu_plugin_version = 1;

// Atomic, since each of the program's threads is a thread here.
static _Atomic uint64_t instructions, syscalls;

static void block_runs(unsigned cpu, void *length) { instructions += (uintptr_t)length; }

static void block_is_translated(plugin_id id, struct qemu_plugin_tb *tb) {
    void *length = (void *)(uintptr_t)qemu_plugin_tb_n_insns(tb);
    qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, 0, length);
}

static void syscall_runs(plugin_id id, unsigned cpu, int64_t nr, u64 a, u64 b, u64 c, u64 d, u64 e,
                         u64 f, u64 g, u64 h) {
    syscalls++;
}

static void program_exits(plugin_id id, void *unused) {
    fprintf(stderr, "instructions %" PRIu64 "\nsyscalls %" PRIu64 "\n", instructions, syscalls);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv) {
    qemu_plugin_register_vcpu_tb_trans_cb(id, block_is_translated);
    qemu_plugin_register_vcpu_syscall_cb(id, syscall_runs);
    qemu_plugin_register_atexit_cb(id, program_exits, NULL);
    return 0;
}
