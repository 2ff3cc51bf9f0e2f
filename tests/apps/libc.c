/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the C library works as on any system: formatting and scanning, malloc()
 * under threads, files of the ramdisk, errno for each thread, clocks, arguments.
 * Started with the command line  A_NAME=value one 'two words' "thr\"ee" fo\ ur  and the
 * ramdisk that test_apps.py makes.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <mini-os/mm.h>
#include <mini-os/sync.h>
#include <mini-os/time.h>
#include <mini-os/timeout.h>

#include "check.h"

#define THREADS  6
#define BIG_SIZE 100000

#define check_format(want, ...)                       \
    do {                                              \
        char text[128];                               \
        snprintf(text, sizeof(text), __VA_ARGS__);    \
        check_string(text, want, __FILE__, __LINE__); \
    } while (0)

static void test_formatting(void)
{
    check_format("-9223372036854775808", "%lld", LLONG_MIN);
    check_format("12 -7 255", "%zu %td %hhu", (size_t)12, (ptrdiff_t)-7,
                 (unsigned char)255);
    check_format("18446744073709551615", "%ju", UINTMAX_MAX);
    check_format("0x2a 052 2A", "%#x %#o %X", 42, 42, 42);
    check_format("3.142 1e+100 0.1", "%.3f %g %g", 3.14159, 1e100, 0.1);
    check_format("0x1.8p+1", "%a", 3.0);
    check_format("inf -inf nan", "%f %f %f", HUGE_VAL, -HUGE_VAL, NAN);
    check_format("1.18973149535723176502e+4932", "%.20Le", LDBL_MAX);
    check_format("[   ab] [ab   ] [ab]", "[%5s] [%-5s] [%.2s]", "ab", "ab", "abc");
    check(snprintf(NULL, 0, "%d", 12345) == 5);
}

static void test_scanning(void)
{
    int number = 0;
    long double real = 0;
    char word[8] = "";
    long long big = 0;

    check(sscanf("  42 0x10 hello 2.5", "%d %lli %7s %Lf", &number, &big, word, &real) ==
          4);
    check(number == 42 && big == 16 && real == 2.5L);
    check_text(word, "hello");
    errno = 0;
    check(strtol("99999999999999999999", NULL, 10) == LONG_MAX && errno == ERANGE);
    check(strtod("0x1p-3", NULL) == 0.125);
    check(strtod("1e-400", NULL) == 0);
}

static void test_math(void)
{
    volatile double x = 2;
    volatile unsigned __int128 wide = (unsigned __int128)0x123456789abcdef << 64 | 12345;
    volatile unsigned __int128 divisor = (unsigned __int128)7 << 70 | 3;

    check(fabs(sqrt(x) * sqrt(x) - 2) < 1e-15);
    check(fabs(sin(x) * sin(x) + cos(x) * cos(x) - 1) < 1e-15);
    check(fabs(log(exp(x)) - 2) < 1e-15 && pow(x, 10) == 1024);
    check((uint64_t)(wide / 1000000007) == (uint64_t)(wide / 1000000007 * 3 / 3));
    check(wide / divisor * divisor + wide % divisor == wide);
    check((__int128)-7 / (volatile __int128){ 2 } == -3);
}

static int compare_ints(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void test_stdlib(void)
{
    int numbers[] = { 5, 3, 9, 1, 7 };
    jmp_buf back;
    volatile int jumps = 0;
    void *volatile huge;

    qsort(numbers, 5, sizeof(int), compare_ints);
    check(numbers[0] == 1 && numbers[4] == 9);
    check(setjmp(back) == jumps);
    if (jumps++ == 0)
        longjmp(back, 1);
    check(jumps == 2);
    check(!setenv("VAR", "x", 1) && !strcmp(getenv("VAR"), "x") && !getenv("NONE"));
    huge = malloc((size_t)1 << 40);
    check(!huge && errno == ENOMEM);
    check(isatty(1) && !strcmp(strerror(ENOENT), "No such file or directory"));
}

static void test_arguments(int argc, char **argv)
{
    static const char *const want[] = { "mini-os", "one", "two words", "thr\"ee",
                                        "fo ur" };

    check(argc == ARRAY_SIZE(want));
    for (int i = 0; i < argc && i < (int)ARRAY_SIZE(want); i++)
        check_text(argv[i], want[i]);
    check(argv[argc] == NULL);
    check(getenv("A_NAME") && !strcmp(getenv("A_NAME"), "value"));
}

static void test_reading(void)
{
    FILE *file = fopen("/etc/motd", "r");
    char line[64] = "";
    struct stat st;

    if (!check(file))
        return;
    check(fgets(line, sizeof(line), file) != NULL);
    check_text(line, "welcome\n");
    check(fgets(line, sizeof(line), file) != NULL && !strcmp(line, "second line\n"));
    check(!fgets(line, sizeof(line), file) && feof(file));
    check(!fseek(file, 3, SEEK_SET) && fgetc(file) == 'c' && ftell(file) == 4);
    check(!fstat(fileno(file), &st) && S_ISREG(st.st_mode) && st.st_size == 20);
    check(!fclose(file));
}

static void test_big_file(void)
{
    unsigned char *data = malloc(BIG_SIZE + 1);
    FILE *file = fopen("data/./big.bin", "rb");
    size_t wrong = 0;

    if (!check(file && data))
        return;
    check(fread(data, 1, BIG_SIZE + 1, file) == BIG_SIZE);
    for (size_t i = 0; i < BIG_SIZE; i++)
        wrong += data[i] != (i * 7 + i / 256) % 256;
    check(!wrong);
    fclose(file);
    free(data);
}

static void test_file_errors(void)
{
    char byte;
    int fd = open("/etc/motd", O_RDONLY), more;

    check(open("/nothing", O_RDONLY) == -1 && errno == ENOENT);
    check(open("/none/new", O_WRONLY | O_CREAT, 0666) == -1 && errno == ENOENT);
    check(open("/etc/motd/new", O_WRONLY | O_CREAT, 0666) == -1 && errno == ENOTDIR);
    check(open("/etc/motd", O_RDWR | O_CREAT | O_EXCL, 0666) == -1 && errno == EEXIST);
    check(open("/etc", O_WRONLY) == -1 && errno == EISDIR);
    check(write(fd, "x", 1) == -1 && errno == EBADF);
    check(lseek(fd, -1, SEEK_SET) == -1 && errno == EINVAL);
    check(lseek(fd, 1000, SEEK_SET) == 1000 && read(fd, &byte, 1) == 0);
    check(lseek(0, 0, SEEK_SET) == -1 && errno == ESPIPE);
    more = dup(fd);
    check(more > fd && !close(fd) && lseek(more, 0, SEEK_CUR) == 1000 && !close(more));
    check(close(fd) == -1 && errno == EBADF && close(-1) == -1 && close(1000) == -1);
    check(unlink("/etc") == -1 && errno == EISDIR);
    check(unlink("/dev/null") == -1 && errno == EPERM);
    check(rmdir("/etc") == -1 && errno == ENOTEMPTY);
    check(rmdir("/etc/motd") == -1 && errno == ENOTDIR);
    check(rmdir("/") == -1 && errno == EBUSY);
    check(rename("/etc", "/etc/below") == -1 && errno == EINVAL);
    check(rename("/etc/motd", "/etc") == -1 && errno == EISDIR);
    check(rename("/dev/null", "/zero") == -1 && errno == EPERM);
    check(rename("/etc/motd", "/none/motd") == -1 && errno == ENOENT);
    check(link("/etc/motd", "/other") == -1 && errno == EPERM);
    check(truncate("/etc", 0) == -1 && errno == EISDIR);
    check(ftruncate(fd, 0) == -1 && errno == EBADF);
    check(mkdir("/etc", 0777) == -1 && errno == EEXIST);
    check(remove("/nothing") == -1 && errno == ENOENT);
    fd = open("/dev/null", O_RDWR);
    check(fd >= 0 && write(fd, "x", 1) == 1 && read(fd, &byte, 1) == 0 && !close(fd));
}

static void expect_text(const char *path, const char *want)
{
    char text[64] = "";
    FILE *f = fopen(path, "r");

    if (check(f)) {
        text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
        fclose(f);
    }
    check_text(text, want);
}

/* What is written is there again, at every place, and what is left out is zeros. */
static void test_writing(void)
{
    char text[8] = "";
    struct stat st;
    FILE *f = fopen("/tmp/new", "w+");
    int fd;

    check(f && fprintf(f, "one %d\n", 2) == 6 && !fseek(f, 2, SEEK_SET));
    check(fputc('E', f) == 'E' && !fseek(f, 0, SEEK_SET) && fread(text, 1, 6, f) == 6);
    check_text(text, "onE 2\n");
    check(!fclose(f));
    f = fopen("/tmp/new", "a");
    check(f && fputs("more\n", f) >= 0 && !fclose(f));
    expect_text("/tmp/new", "onE 2\nmore\n");
    fd = open("/tmp/new", O_RDWR);
    check(lseek(fd, 20, SEEK_SET) == 20 && write(fd, "x", 1) == 1);
    check(!fstat(fd, &st) && st.st_size == 21 && !ftruncate(fd, 3) && !ftruncate(fd, 5));
    check(lseek(fd, 0, SEEK_SET) == 0 && read(fd, text, 8) == 5);
    check(!memcmp(text, "onE\0\0", 5) && !fsync(fd));
    check(ftruncate(fd, (off_t)1 << 40) == -1 && errno == ENOSPC);
    close(fd);
    check(!truncate("/tmp/new", 0) && !stat("/tmp/new", &st) && st.st_size == 0);
    check(!unlink("/tmp/new") && access("/tmp/new", F_OK) == -1 && errno == ENOENT);
}

/* A file of the ramdisk is like any other; a removed one is there for who has it open. */
static void test_changing_the_ramdisk(void)
{
    char byte;
    int fd = open("/etc/motd", O_RDONLY);
    FILE *f = fopen("/etc/motd", "r+");

    check(f && fputs("WEL", f) >= 0 && !fclose(f));
    expect_text("/etc/motd", "WELcome\nsecond line\n");
    check(!unlink("/etc/motd") && read(fd, &byte, 1) == 1 && byte == 'W');
    check(!close(fd) && open("/etc/motd", O_RDONLY) == -1 && errno == ENOENT);
    check(!rmdir("/etc") && access("/etc", F_OK) == -1);
}

static void test_moving(void)
{
    FILE *f;

    check(!mkdir("/tmp/a", 0777) && !mkdir("/tmp/a/b", 0777));
    f = fopen("/tmp/a/b/file", "w");
    check(f && fputs("text", f) >= 0 && !fclose(f));
    f = fopen("/tmp/a-other", "w");
    check(f && fputs("other", f) >= 0 && !fclose(f));
    check(!rename("/tmp/a", "/tmp/c") && access("/tmp/a/b", F_OK) == -1);
    expect_text("/tmp/c/b/file", "text");
    expect_text("/tmp/a-other", "other");
    check(!rename("/tmp/a-other", "/tmp/c/b/file"));
    expect_text("/tmp/c/b/file", "other");
    check(!rename("/tmp/c/b/file", "/tmp/c/b/../b/file"));
    check(rename("/tmp/c/b/file", "/tmp/c") == -1 && errno == EISDIR);
    check(!unlink("/tmp/c/b/file") && !rmdir("/tmp/c/b") && !rmdir("/tmp/c"));
}

/* A thousand files come and go, and the heap is as before. */
static void test_many_files(void)
{
    char path[32];
    size_t before = 0;

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            snprintf(path, sizeof(path), "/tmp/file-%d", i * 7919 % 1000);
            FILE *f = fopen(path, "wx");

            if (!check(f && fwrite(path, 1, 20, f) == 20 && !fclose(f)))
                return;
        }
        expect_text("/tmp/file-17", "/tmp/file-17");
        for (int i = 0; i < 1000; i++) {
            snprintf(path, sizeof(path), "/tmp/file-%d", i);
            check(!remove(path));
        }
        if (!round)
            before = mallinfo().uordblks;
    }
    check(mallinfo().uordblks == before);
}

static void test_temporary_file(void)
{
    char text[8] = "";
    FILE *f = tmpfile();

    check(f && fputs("hidden", f) >= 0);
    rewind(f);
    check(fgets(text, sizeof(text), f) && !strcmp(text, "hidden"));
    fclose(f);
}

static void test_all_descriptors(void)
{
    int fds[100], count = 0;

    while (count < 100 && (fds[count] = open("/empty", O_RDONLY)) >= 0)
        count++;
    check(count > 50 && count < 100 && errno == EMFILE);
    while (count)
        check(!close(fds[--count]));
}

static void list(const char *path, char *names)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    *names = '\0';
    if (!check(dir))
        return;
    while ((entry = readdir(dir)))
        strcat(strcat(names, entry->d_name), entry->d_type == DT_DIR ? "/ " : " ");
    closedir(dir);
}

static void test_directories(void)
{
    char names[256];

    list("/", names);
    check_text(names, "data/ dev/ empty etc/ tmp/ ");
    list("/etc/../dev/", names);
    check_text(names, "console null ");
    list("/data", names);
    check_text(names, "big.bin deep/ ");
    check(!opendir("/etc/motd") && errno == ENOTDIR);
    check(!opendir("/no") && errno == ENOENT);
}

static void test_terminal(void)
{
    struct termios modes, raw;

    check(!tcgetattr(0, &modes) && (modes.c_lflag & ICANON));
    raw = modes;
    raw.c_lflag &= ~(ICANON | ECHO);
    check(!tcsetattr(0, TCSANOW, &raw) && !tcgetattr(1, &raw) && !(raw.c_lflag & ECHO));
    check(!tcsetattr(0, TCSANOW, &modes));
    check(tcgetattr(50, &modes) == -1 && errno == EBADF);
}

static void test_clocks(void)
{
    struct timespec before, after;
    struct timeval tv;
    uint64_t start = time_now();

    check(!clock_gettime(CLOCK_REALTIME, &before) && !gettimeofday(&tv, NULL));
    check(before.tv_sec > 1600000000 && tv.tv_sec - before.tv_sec <= 1);
    check(time(NULL) - tv.tv_sec <= 1);
    check(!clock_gettime(CLOCK_MONOTONIC, &before));
    check(!nanosleep(&(struct timespec){ 0, 20000000 }, NULL));
    check(!clock_gettime(CLOCK_MONOTONIC, &after));
    check((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >=
          20000000);
    usleep(10000);
    check(time_now() - start >= 30 * NSEC_PER_MSEC);
    check(nanosleep(&(struct timespec){ 0, 1000000000 }, NULL) == -1 && errno == EINVAL);
    check(clock_gettime((clockid_t)77, &after) == -1 && errno == EINVAL);
    check(clock() > 0);
}

static unsigned int order[4], fired;

static void record(struct timeout *timeout)
{
    order[fired++] = timeout->deadline % 10;
}

static void test_timeouts(void)
{
    static struct timeout t[4];
    uint64_t base = (time_now() + 100 * NSEC_PER_MSEC) / 10 * 10;

    timeout_set(&t[3], base, record);
    timeout_set(&t[0], base + 3, record);
    timeout_set(&t[1], base + 1, record);
    timeout_set(&t[2], base + 2, record);
    check(timeout_cancel(&t[3]) && !timeout_cancel(&t[3]));
    thread_sleep_until(base + 5 * NSEC_PER_MSEC);
    check(fired == 3 && order[0] == 1 && order[1] == 2 && order[2] == 3);
    thread_sleep_until(0); /* a time that is over is no reason to wait */
    thread_sleep_until(1);
}

/* Each thread fills blocks of its own with its number, and sets its own errno. */
static void allocate(void *arg)
{
    unsigned int number = (uintptr_t)arg;
    unsigned char *block[16] = { NULL };

    for (unsigned int i = 0; i < 2000; i++) {
        size_t at = (i * 7 + number) % 16, size = 16 + (i * 37 + number * 101) % 2000;

        if (block[at])
            check_that(block[at][0] == number && block[at][15] == number, "block intact",
                       __FILE__, __LINE__);
        errno = 1000 + number;
        block[at] = realloc(block[at], size);
        memset(block[at], number, size);
        thread_yield();
        if (errno != 1000 + (int)number)
            check(!"errno is each thread's own");
    }
    for (unsigned int i = 0; i < 16; i++)
        free(block[i]);
}

static void allocate_together(void)
{
    struct thread *threads[THREADS];

    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = thread_create("allocate", allocate, (void *)(i + 1));
    for (unsigned int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
}

/* What the heap has grown to the first time is enough for the second. */
static void test_threads(void)
{
    unsigned long free_pages;

    allocate_together();
    free_pages = mm_free_pages();
    allocate_together();
    check(mm_free_pages() + 2 >= free_pages);
}

static void test_aligned_memory(void)
{
    void *block = NULL;

    for (size_t alignment = 16; alignment <= 4096; alignment *= 2) {
        check(!posix_memalign(&block, alignment, 100));
        check((uintptr_t)block % alignment == 0);
        free(block);
        block = aligned_alloc(alignment, 3 * alignment);
        check(block && (uintptr_t)block % alignment == 0);
        free(block);
    }
    check(posix_memalign(&block, 24, 100) == EINVAL);
    check(posix_memalign(&block, 0, 100) == EINVAL);
    check(posix_memalign(&block, 64, (size_t)1 << 40) == ENOMEM);
}

static void test_heap_use(void)
{
    struct mallinfo before = mallinfo(), after;
    char *volatile block = malloc(10000); /* must not be optimized away */

    after = mallinfo();
    check(after.uordblks >= before.uordblks + 10000 &&
          after.uordblks <= before.uordblks + 10100);
    check(after.arena >= after.uordblks && after.arena < 1 << 28);
    free(block);
    after = mallinfo();
    check(after.uordblks == before.uordblks);
}

/* What is refused changes nothing and holds up nobody: test_threads() comes next. */
static void test_heap_limits(void)
{
    char *volatile block = malloc(10), *volatile more;
    const size_t sizes[] = { (size_t)1 << 28, (size_t)1 << 31, (size_t)1 << 40,
                             SIZE_MAX };

    strcpy(block, "as it was");
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        more = malloc(sizes[i]);
        check(!more && errno == ENOMEM);
        more = realloc(block, sizes[i]);
        check(!more && errno == ENOMEM);
        more = calloc(sizes[i], 2);
        check(!more && errno == ENOMEM);
    }
    check_text(block, "as it was");
    free(block);
}

static struct mutex mutex;
static struct condition ready;
static int stage;

static void partner(void *unused)
{
    (void)unused;
    mutex_lock(&mutex);
    while (stage != 1)
        condition_wait(&ready, &mutex, TIME_NEVER);
    stage = 2;
    condition_broadcast(&ready);
    mutex_unlock(&mutex);
}

static void test_sync(void)
{
    static struct semaphore sem;
    struct thread *thread = thread_create("partner", partner, NULL);

    mutex_lock(&mutex);
    mutex_lock(&mutex);
    mutex_unlock(&mutex);
    stage = 1;
    condition_signal(&ready);
    while (stage != 2)
        condition_wait(&ready, &mutex, TIME_NEVER);
    check(condition_wait(&ready, &mutex, time_now() + NSEC_PER_MSEC) == -ETIMEDOUT);
    mutex_unlock(&mutex);
    thread_join(thread);
    check(semaphore_wait(&sem, time_now() + NSEC_PER_MSEC) == -ETIMEDOUT);
    semaphore_post(&sem);
    check(!semaphore_wait(&sem, TIME_NEVER));
}

static bool is_writable_code(const void *code)
{
    pte_t pte = pte_of(code);

    return (pte & PTE_W) || (pte & PTE_NX);
}

/* Code is not writable, data not executable; there is nothing below the stack. */
static void test_protection(void)
{
    char *heap = malloc(1), local;
    const char *page = (const char *)((uintptr_t)&local & ~(uintptr_t)(PAGE_SIZE - 1));
    unsigned int pages = 0;

    check(!is_writable_code(test_protection) && !is_writable_code(printf));
    check((pte_of(heap) & PTE_NX) && (pte_of(&stage) & PTE_NX) &&
          (pte_of(&local) & PTE_NX));
    while (pages < 16 && (pte_of(page) & PTE_P)) {
        page -= PAGE_SIZE;
        pages++;
    }
    check(pages > 0 && pages < 16);
    check(!pte_of(NULL));
    free(heap);
}

static __attribute__((constructor)) void before_main(void)
{
    stage = 77;
}

static void at_end(void)
{
    printf("atexit function runs\n");
}

int main(int argc, char **argv)
{
    check(stage == 77);
    check(!atexit(at_end));
    test_formatting();
    test_scanning();
    test_math();
    test_stdlib();
    test_arguments(argc, argv);
    test_reading();
    test_big_file();
    test_file_errors();
    test_all_descriptors();
    test_directories();
    test_writing();
    test_moving();
    test_many_files();
    test_temporary_file();
    test_changing_the_ramdisk();
    test_terminal();
    test_clocks();
    test_timeouts();
    test_aligned_memory();
    test_heap_use();
    test_heap_limits();
    test_threads();
    test_sync();
    test_protection();
    return check_verdict();
}
