/* A disk that fails on demand: preloaded into the server, it counts the calls of each kind that concern files below one
 * folder, over all threads, and lets chosen ones fail. What happened stands in a shared file, so that it is known also
 * when the process ends at once. Built and used by failing_disk.rs alone. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#undef open
#undef open64
#undef openat
#undef openat64
#undef pwrite64
#undef pread64
#undef ftruncate64

enum kind { WRITE, SYNC, RENAME, CREATE, OPEN, TRUNCATE, UNLINK, MKDIR, LINK, READ, KINDS };
static const char *const names[KINDS] = {"write", "sync",   "rename", "create", "open",
                                         "truncate", "unlink", "mkdir",  "link",   "read"};

/* The first line of the shared file is for people and tests: counts, how many failed, what the first of them was. */
struct report {
    _Atomic uint64_t counts[KINDS];
    _Atomic uint64_t fired;
    char what[4096 - 8 * (KINDS + 1)];
};

static struct report *report;
static struct report unused;
static const char *folder;
static size_t folder_length;
static int failing = -1, error_number = EIO, ever_after, half;
/* Instead of failing, the chosen calls take so long. */
static unsigned delay_seconds;
static uint64_t first;

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    report = &unused;
    const char *kind = getenv("FAIL_KIND"), *path = getenv("FAIL_REPORT"), *at = getenv("FAIL_AT");
    folder = getenv("FAIL_FOLDER");
    if (!folder || !path) return;
    folder_length = strlen(folder);
    for (int n = 0; kind && n < KINDS; n++)
        if (!strcmp(kind, names[n])) failing = n;
    first = at ? strtoull(at, NULL, 10) : 0;
    const char *with = getenv("FAIL_WITH");
    if (with) error_number = atoi(with);
    half = error_number == 0;
    const char *delay = getenv("FAIL_DELAY_SECONDS");
    if (delay) delay_seconds = (unsigned)atoi(delay);
    ever_after = getenv("FAIL_EVER_AFTER") != NULL;
    int (*plain_open)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    int (*plain_truncate)(int, off_t) = (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate");
    int file = plain_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || plain_truncate(file, sizeof(struct report))) return;
    void *shared = mmap(NULL, sizeof(struct report), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (shared != MAP_FAILED) report = shared;
}

/* Counts a call on a file of the folder; whether it is to fail. */
static int fails(enum kind kind, const char *path) {
    if (!folder || strncmp(path, folder, folder_length)) return 0;
    uint64_t number = atomic_fetch_add(&report->counts[kind], 1) + 1;
    if ((int)kind != failing || first == 0) return 0;
    if (number != first && !(ever_after && number > first)) return 0;
    if (atomic_fetch_add(&report->fired, 1) == 0)
        snprintf(report->what, sizeof report->what, "%s %s", names[kind], path);
    if (delay_seconds) {
        sleep(delay_seconds);
        return 0;
    }
    return 1;
}

static int fails_at(enum kind kind, int dir, const char *path) {
    char full[8192];
    if (!folder) return 0;
    if (path[0] == '/' || dir == AT_FDCWD) return fails(kind, path);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
    ssize_t length = readlink(link, full, 4096);
    if (length < 0) return 0;
    snprintf(full + length, sizeof full - (size_t)length, "/%s", path);
    return fails(kind, full);
}

static int fails_on(enum kind kind, int file) {
    char link[64], path[4097];
    if (!folder) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(kind, path);
}

static int failed(void) {
    errno = error_number ? error_number : EIO;
    return -1;
}

/* A write that fails has often written something: half of it. */
ssize_t write(int file, const void *bytes, size_t length) {
    REAL(write);
    if (!fails_on(WRITE, file)) return real(file, bytes, length);
    ssize_t done = real(file, bytes, length > 1 ? length / 2 : length);
    return half ? done : failed();
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
    REAL(pwrite64);
    if (!fails_on(WRITE, file)) return real(file, bytes, length, at);
    ssize_t done = real(file, bytes, length > 1 ? length / 2 : length, at);
    return half ? done : failed();
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) { return pwrite64(file, bytes, length, at); }

ssize_t read(int file, void *bytes, size_t length) {
    REAL(read);
    return fails_on(READ, file) ? failed() : real(file, bytes, length);
}

ssize_t pread64(int file, void *bytes, size_t length, off64_t at) {
    REAL(pread64);
    return fails_on(READ, file) ? failed() : real(file, bytes, length, at);
}

ssize_t pread(int file, void *bytes, size_t length, off_t at) { return pread64(file, bytes, length, at); }

int fsync(int file) {
    REAL(fsync);
    return fails_on(SYNC, file) ? failed() : real(file);
}

int fdatasync(int file) {
    REAL(fdatasync);
    return fails_on(SYNC, file) ? failed() : real(file);
}

int ftruncate64(int file, off64_t length) {
    REAL(ftruncate64);
    return fails_on(TRUNCATE, file) ? failed() : real(file, length);
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

int rename(const char *from, const char *to) {
    REAL(rename);
    return fails(RENAME, from) ? failed() : real(from, to);
}

int unlink(const char *path) {
    REAL(unlink);
    return fails(UNLINK, path) ? failed() : real(path);
}

int unlinkat(int dir, const char *path, int flags) {
    REAL(unlinkat);
    return fails_at(UNLINK, dir, path) ? failed() : real(dir, path, flags);
}

int rmdir(const char *path) {
    REAL(rmdir);
    return fails(UNLINK, path) ? failed() : real(path);
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    return fails(MKDIR, path) ? failed() : real(path, mode);
}

int link(const char *from, const char *to) {
    REAL(link);
    return fails(LINK, to) ? failed() : real(from, to);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    REAL(linkat);
    return fails_at(LINK, to_dir, to) ? failed() : real(from_dir, from, to_dir, to, flags);
}

static enum kind opening(int flags) { return flags & O_CREAT ? CREATE : OPEN; }

DIR *opendir(const char *path) {
    REAL(opendir);
    if (!fails(OPEN, path)) return real(path);
    failed();
    return NULL;
}

#define MODE \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
        va_list more; \
        va_start(more, flags); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    }

int open(const char *path, int flags, ...) {
    REAL(open);
    MODE
    return fails(opening(flags), path) ? failed() : real(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    REAL(open64);
    MODE
    return fails(opening(flags), path) ? failed() : real(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...) {
    REAL(openat);
    MODE
    return fails_at(opening(flags), dir, path) ? failed() : real(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...) {
    REAL(openat64);
    MODE
    return fails_at(opening(flags), dir, path) ? failed() : real(dir, path, flags, mode);
}
