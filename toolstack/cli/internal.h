/* SPDX-License-Identifier: MIT */
/*
 * Commands: one call from its words to its exit code. A verb collects what it has to
 * say in call->out, or as a JSON document, and returns an enum ts_exit; ts_cli_run()
 * writes it out. Pointers to domains' records must not be kept over call_flush() and
 * call_wait(), which let others into the toolstack.
 */
#ifndef CLI_INTERNAL_H
#define CLI_INTERNAL_H

#include <ts/cli.h>
#include <ts/out.h>

struct call;
struct ts_cli;

/* --- options.c: words --- */

/* What a word is, for completion. */
enum word_kind {
    WORD_OTHER,
    WORD_DOMAIN,
    WORD_FILE,
    WORD_VERB,
    WORD_FORMAT,
    WORD_ALL,     /* "all", or something else */
    WORD_TRIGGER, /* "nmi" */
};

/* Options without a letter have numbers instead. */
enum {
    OPTION_FORMAT = 256,
    OPTION_VERSION,
    OPTION_FORCE,
};

struct option {
    int key;              /* letter or OPTION_*; 0: end of the table */
    const char *name;     /* the long form, without "--"; NULL: none */
    const char *argument; /* what it takes, "SECONDS"; NULL: nothing */
    const char *help;
    enum word_kind kind; /* of the argument */
};

#define MAX_OPTIONS 12 /* of a verb, with those that all have */

struct verb {
    const char *name;
    const char *arguments; /* "DOMAIN [NAME]" */
    const char *summary;   /* one line for the list */
    const char *more;      /* a paragraph, or NULL */
    const struct option *options;
    unsigned int least, most;   /* operands */
    enum word_kind operands[3]; /* the last one is that of all that follow */
    unsigned int saves; /* operand that is a file to be written, from 1; 0: none */
    bool is_hidden;
    bool is_local; /* needs no machine */
    bool is_raw;   /* takes all words as they are */
    enum ts_exit (*run)(struct call *call);
};

/* The words of a call, sorted. */
struct words {
    const char **operand;
    unsigned int nr_operands;
    const struct option *option[MAX_OPTIONS]; /* each given one, once */
    const char *value[MAX_OPTIONS];           /* the last value given */
    unsigned int count[MAX_OPTIONS];          /* how often */
    unsigned int nr_options;
};

/* Options of every verb, and those that may stand before it. */
extern const struct option common_options[], leading_options[];

/*
 * Sorts words: the options of both tables (the second may be NULL) may stand anywhere
 * before "--" or, stop_early, before the first operand. Returns 0, -XEN_EINVAL or
 * -XEN_ENOMEM with err; on success words_free() is due.
 */
int words_parse(struct words *words, const struct option *options,
                const struct option *more, bool stop_early, int argc,
                const char *const *argv, struct ts_err *err);
void words_free(struct words *words);
/* How often an option was given. */
unsigned int words_count(const struct words *words, int key);
/* Its value; NULL when it was not given. */
const char *words_value(const struct words *words, int key);

/* A number of digits only, up to most. */
bool parse_number(const char *text, uint64_t most, uint64_t *number);
/* Seconds with or without decimals, more than 0, as ns. */
bool parse_seconds(const char *text, uint64_t *ns);

/* --- verbs.c --- */

extern const struct verb *const verbs; /* ends with a row without a name */
const struct verb *verb_find(const char *name);
/* The verb that was meant, as far as can be told; NULL: none is like it. */
const char *verb_nearest(const struct ts_cli *cli, const char *name);
/* A verb of the program's own (ts_cli_env.more), or NULL. */
const struct ts_cli_verb *verb_find_more(const struct ts_cli *cli, const char *name);

/* --- run.c, report.c: a call --- */

enum format { FORMAT_TEXT, FORMAT_JSON };

/* A call that wants to hear of a domain (wait.c). */
struct waiter {
    struct waiter *next;
    const struct ts_cli_io *io;
    domid_t id;
    char name[TS_NAME_MAX];
    unsigned int reason;       /* SHUTDOWN_*, when has_ended */
    bool has_ended;            /* it has shut down */
    bool is_gone;              /* destroyed, or preserved */
    bool has_restarted;        /* id is the new one's number */
    bool is_late;              /* the time that it was given is over */
    bool for_cores;            /* waits for any domain that is kept for its core */
    char failure[TS_ERR_TEXT]; /* why it was not started again */
};

struct ts_cli {
    struct ts_cli_env env;
    struct waiter *waiters;
};

struct call {
    struct ts_cli *cli;
    const struct ts_cli_io *io;
    const struct verb *verb;
    struct words words;
    enum format format;
    bool is_verbose;
    struct ts_text out; /* not written yet */
    struct ts_err err;  /* why it has failed */
    bool has_result;    /* out is complete although it fails */
    const char *hint;   /* what to do about it; NULL: what its exit code suggests */
};

static inline bool call_has(const struct call *call, int key)
{
    return words_count(&call->words, key) > 0;
}

/* Operand i; it exists. */
static inline const char *call_word(const struct call *call, unsigned int i)
{
    return call->words.operand[i];
}

/* Appends to the output. */
void call_print(struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Appends the document to the output, and frees it. */
void call_document(struct call *call, struct ts_doc *doc);
/*
 * Writes out what there is, which may take as long as the reader likes. False: nobody
 * wants more of it, the command is to end.
 */
bool call_flush(struct call *call);
/* Waits once: see ts_cli_io.wait. False: the command is to end. */
bool call_wait(struct call *call, uint64_t deadline_ns);

/* The exit code that an error of the toolstack stands for. */
enum ts_exit exit_of(int code);
/* Records why the call fails and returns exit. */
enum ts_exit call_fail(struct call *call, enum ts_exit exit, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As call_flush(), of n bytes on a stream. */
bool call_write(struct call *call, unsigned int stream, const char *bytes, size_t n);
/* One line on stream 2, and in JSON a document, for a call that has failed. */
void call_report(struct call *call, enum ts_exit exit);

/* --- wait.c --- */

/* Has events of a domain noted in w until waiter_remove(). */
void waiter_add(struct call *call, struct waiter *w, const struct ts_domain *domain);
/* Is woken when a domain is kept for its core. */
void waiter_add_for_cores(struct call *call, struct waiter *w);
void waiter_remove(struct call *call, struct waiter *w);

/* --- domains.c: what verbs about domains share --- */

/* The domain that operand i names; NULL: there is none, the call has failed. */
const struct ts_domain *call_domain(struct call *call, unsigned int i);

/* All there is to be known about a domain. */
struct domain_view {
    const struct ts_domain *domain; /* NULL: the hypervisor alone knows it */
    struct ts_domain_info info;
};

/* 0, or -XEN_ESRCH: there is none any more. */
int domain_look(struct call *call, const struct ts_domain *domain,
                struct domain_view *view);
const char *domain_name(const struct domain_view *view);
/* "running", "blocked", ... */
const char *domain_state(const struct domain_view *view);
void uuid_text(const uint8_t *uuid, char text[37]);
/* Adds its properties to an object. */
void domain_describe(struct ts_doc *doc, struct cJSON *object,
                     const struct domain_view *view);
/* The result of a verb that has no other: the domain as it is now, in JSON. */
void domain_result(struct call *call, domid_t id);
/* How a request about a domain that came back with rc ends: that result, or the failure. */
enum ts_exit domain_done(struct call *call, domid_t id, int rc);

/* --- create_words.c --- */
extern const struct option create_options[];

struct ts_create_words;

/* 0, -XEN_EINVAL or -XEN_E2BIG with err. */
int create_sort(const struct words *sorted, struct ts_create_words *words,
                struct ts_err *err);

/* --- progress.c --- */

/* How far what takes long is, for a person who waits for it. */
struct progress {
    struct ts_progress base; /* to be handed on */
    struct call *call;
    const char *what;
    unsigned int shown; /* percent; 0: nothing is shown */
    unsigned int steps;
};

/* what: "unpacking the kernel" */
void progress_start(struct progress *progress, struct call *call, const char *what);
void progress_tell(struct progress *progress, uint64_t done, uint64_t total);
/* Leaves no trace on the terminal. */
void progress_end(struct progress *progress);

/* --- the verbs --- */

enum ts_exit complete_run(struct call *call);
enum ts_exit console_run(struct call *call);
enum ts_exit cores_run(struct call *call);
enum ts_exit create_run(struct call *call);
enum ts_exit debug_keys_run(struct call *call);
enum ts_exit destroy_run(struct call *call);
enum ts_exit dmesg_run(struct call *call);
enum ts_exit domid_run(struct call *call);
enum ts_exit domname_run(struct call *call);
enum ts_exit dump_core_run(struct call *call);
enum ts_exit help_run(struct call *call);
enum ts_exit info_run(struct call *call);
enum ts_exit inspect_run(struct call *call);
enum ts_exit list_run(struct call *call);
enum ts_exit mem_max_run(struct call *call);
enum ts_exit mem_set_run(struct call *call);
enum ts_exit pause_run(struct call *call);
enum ts_exit poweroff_run(struct call *call);
enum ts_exit reboot_run(struct call *call);
enum ts_exit rename_run(struct call *call);
enum ts_exit sched_run(struct call *call);
enum ts_exit shutdown_run(struct call *call);
enum ts_exit sysrq_run(struct call *call);
enum ts_exit top_run(struct call *call);
enum ts_exit trace_run(struct call *call);
enum ts_exit trigger_run(struct call *call);
enum ts_exit unpause_run(struct call *call);
enum ts_exit uptime_run(struct call *call);
enum ts_exit vcpu_list_run(struct call *call);
enum ts_exit vcpu_pin_run(struct call *call);
enum ts_exit vcpu_set_run(struct call *call);
enum ts_exit version_run(struct call *call);

/* Shows a domain's console until ^], its end or an interrupt (console.c). */
enum ts_exit console_show(struct call *call, domid_t id, bool start);
/* Help about one verb, or the list of all when NULL (help.c). */
void help_about(struct call *call, const struct verb *verb);

#endif
