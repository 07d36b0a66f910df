/* SPDX-License-Identifier: BSD-2-Clause
 *
 * service.c - the service behind the example: volumes in memory, over HTTP/1.1 on a Unix socket. It
 * is not part of the module, but what is tested with; a real one would be on another machine.
 *
 *     rest-service SOCKET    goes into the background once it listens, its process number in
 *                            SOCKET.pid
 *
 *   GET    /space                               {"capacity": N, "available": N}
 *   GET    /volumes                             [{"name": S, "size": N, "id": N, "version": N}]
 *   GET    /volumes/NAME                        one of these
 *   DELETE /volumes/NAME
 *   GET    /volumes/NAME/bytes/OFFSET/LENGTH    the bytes
 *   PUT    /volumes/NAME/bytes/OFFSET           the bytes are the body
 *   POST   /uploads/SIZE                        {"id": N}: a volume that no list shows
 *   ...    /uploads/ID/bytes/...                as above
 *   POST   /uploads/ID/publish/NAME
 *   DELETE /uploads/ID
 *
 * An upload ends with the connection that made it, so whoever is killed leaves none.
 *
 * A word in the file SOCKET.mood makes it ill: silent, slow, garbage, cut, huge, lies, failing.
 */
#include <jansson.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CAPACITY    ((uint64_t)256 << 20)
#define CONNECTIONS 256
#define REQUEST     ((size_t)2 << 20)

struct volume {
    struct volume *next;
    uint64_t id;
    uint64_t version;
    uint64_t size;
    int owner; /* the connection of an upload; -1: published */
    char name[800];
    char *bytes;
};

struct connection {
    int fd;
    size_t length; /* of what has come of the next request */
    char *request;
};

static struct volume *volumes;
static uint64_t last_id;
static struct connection connections[CONNECTIONS];
static int count;
static char mood_file[256];

/* --- volumes ---------------------------------------------------------------------------------- */

static uint64_t available(void)
{
    uint64_t left = CAPACITY;

    for (struct volume *volume = volumes; volume != NULL; volume = volume->next)
        left -= volume->size;
    return left;
}

static struct volume **by_name(const char *name)
{
    struct volume **at = &volumes;

    while (*at != NULL && ((*at)->owner >= 0 || strcmp((*at)->name, name) != 0))
        at = &(*at)->next;
    return at;
}

static struct volume **by_id(const char *id)
{
    struct volume **at = &volumes;

    while (*at != NULL && ((*at)->owner < 0 || (*at)->id != strtoull(id, NULL, 10)))
        at = &(*at)->next;
    return at;
}

static void drop(struct volume **at)
{
    struct volume *volume = *at;

    *at = volume->next;
    free(volume->bytes);
    free(volume);
}

static void drop_uploads_of(int owner)
{
    struct volume **at = &volumes;

    while (*at != NULL)
        if ((*at)->owner == owner)
            drop(at);
        else
            at = &(*at)->next;
}

/* --- answers ---------------------------------------------------------------------------------- */

static const char *mood(void)
{
    static char word[32];
    FILE *file = fopen(mood_file, "re");

    word[0] = '\0';
    if (file != NULL) {
        if (fscanf(file, "%31s", word) != 1)
            word[0] = '\0';
        fclose(file);
    }
    return word;
}

static void put(int fd, const void *bytes, size_t length)
{
    const char *from = bytes;

    while (length > 0) {
        ssize_t part = send(fd, from, length, MSG_NOSIGNAL);

        if (part <= 0)
            return; /* it is gone, which the loop will see */
        from += part;
        length -= (size_t)part;
    }
}

/* True if the answer is done with. */
static int answer_ill(int fd, const char *how)
{
    static const char garbage[] = "220 mail.example.org ESMTP\r\n250 OK\r\n\r\n";
    static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n[{\"name\": \"a\"";
    static const char huge[] = "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n[";
    static const char lies[] = "HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n"
                               "[{\"name\": 7, \"size\": \"x\"}]";
    static const char failing[] = "HTTP/1.1 500 Internal Error\r\nContent-Length: 0\r\n\r\n";

    if (strcmp(how, "silent") == 0)
        return 1;
    if (strcmp(how, "garbage") == 0)
        put(fd, garbage, sizeof(garbage) - 1);
    else if (strcmp(how, "cut") == 0)
        put(fd, cut, sizeof(cut) - 1), shutdown(fd, SHUT_RDWR);
    else if (strcmp(how, "huge") == 0)
        put(fd, huge, sizeof(huge) - 1);
    else if (strcmp(how, "lies") == 0)
        put(fd, lies, sizeof(lies) - 1);
    else if (strcmp(how, "failing") == 0)
        put(fd, failing, sizeof(failing) - 1);
    else
        return 0;
    return 1;
}

static void answer(int fd, int status, const void *body, size_t length)
{
    char head[128];
    const char *how = mood();

    if (answer_ill(fd, how))
        return;
    if (strcmp(how, "slow") == 0)
        usleep(300000);
    snprintf(head, sizeof(head), "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n\r\n", status,
             status < 300 ? "OK" : "No", length);
    put(fd, head, strlen(head));
    put(fd, body, length);
}

static void answer_json(int fd, int status, json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);

    answer(fd, text != NULL ? status : 500, text, text != NULL ? strlen(text) : 0);
    free(text);
    json_decref(value);
}

static json_t *told(const struct volume *volume)
{
    return json_pack("{s:s, s:I, s:I, s:I}", "name", volume->name, "size", (json_int_t)volume->size,
                     "id", (json_int_t)volume->id, "version", (json_int_t)volume->version);
}

/* --- requests --------------------------------------------------------------------------------- */

struct request {
    int fd;
    const char *method;
    char *words[6]; /* of the path; NULL from the end on */
    const char *body;
    size_t length;
};

static int is(const struct request *request, const char *method)
{
    return strcmp(request->method, method) == 0;
}

static void space(const struct request *request)
{
    answer_json(request->fd, 200,
                json_pack("{s:I, s:I}", "capacity", (json_int_t)CAPACITY, "available",
                          (json_int_t)available()));
}

static void list(const struct request *request)
{
    json_t *all = json_array();

    for (struct volume *volume = volumes; volume != NULL; volume = volume->next)
        if (volume->owner < 0)
            json_array_append_new(all, told(volume));
    answer_json(request->fd, 200, all);
}

static void upload(const struct request *request)
{
    struct volume *volume = calloc(1, sizeof(*volume));

    if (volume == NULL)
        exit(1);
    volume->size = strtoull(request->words[1], NULL, 10);
    volume->bytes = volume->size <= available() ? calloc(1, volume->size + 1) : NULL;
    if (volume->bytes == NULL) {
        free(volume);
        answer(request->fd, 507, NULL, 0);
        return;
    }
    volume->id = ++last_id;
    volume->owner = request->fd;
    volume->next = volumes;
    volumes = volume;
    answer_json(request->fd, 201, json_pack("{s:I}", "id", (json_int_t)volume->id));
}

static void bytes_of(const struct request *request, struct volume *volume)
{
    const char *from = request->words[3];
    uint64_t offset = from != NULL ? strtoull(from, NULL, 10) : UINT64_MAX;
    uint64_t length = request->words[4] != NULL ? strtoull(request->words[4], NULL, 10)
                                                : request->length;

    if (offset > volume->size || length > volume->size - offset) {
        answer(request->fd, 416, NULL, 0);
    } else if (is(request, "GET")) {
        answer(request->fd, 200, volume->bytes + offset, length);
    } else {
        memcpy(volume->bytes + offset, request->body, length);
        volume->version++;
        answer(request->fd, 204, NULL, 0);
    }
}

static void publish(const struct request *request, struct volume *volume)
{
    int taken = *by_name(request->words[3]) != NULL;

    if (!taken) {
        volume->owner = -1;
        snprintf(volume->name, sizeof(volume->name), "%s", request->words[3]);
    }
    answer(request->fd, taken ? 409 : 201, NULL, 0);
}

static void serve(const struct request *request)
{
    int uploads = request->words[0] != NULL && strcmp(request->words[0], "uploads") == 0;
    const char *key = request->words[0] != NULL ? request->words[1] : NULL;
    const char *what = key != NULL ? request->words[2] : NULL;
    struct volume **at = key == NULL ? NULL : uploads ? by_id(key) : by_name(key);

    if (request->words[0] != NULL && strcmp(request->words[0], "space") == 0)
        space(request);
    else if (key == NULL)
        list(request);
    else if (uploads && what == NULL && is(request, "POST"))
        upload(request);
    else if (*at == NULL)
        answer(request->fd, 404, NULL, 0);
    else if (what != NULL && strcmp(what, "bytes") == 0)
        bytes_of(request, *at);
    else if (what != NULL && strcmp(what, "publish") == 0 && request->words[3] != NULL)
        publish(request, *at);
    else if (is(request, "DELETE"))
        drop(at), answer(request->fd, 204, NULL, 0);
    else
        answer_json(request->fd, 200, told(*at));
}

static void unescape(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        char digits[3] = { text[0] == '%' ? text[1] : 0, text[0] == '%' ? text[2] : 0, 0 };

        *to++ = digits[0] != 0 ? (char)strtoul(digits, NULL, 16) : *text;
        text += digits[0] != 0 && digits[1] != 0 ? 2 : 0;
    }
    *to = '\0';
}

/* Splits the head, which ends with a zero, in its method and the words of its path. */
static void handle(int fd, char *head, const char *body, size_t length)
{
    struct request request = { .fd = fd, .body = body, .length = length };
    char *rest = head;
    char *path;

    request.method = strsep(&rest, " ");
    path = rest != NULL ? strsep(&rest, " ") : NULL;
    for (int index = 0; path != NULL && index < 6;) {
        char *word = strsep(&path, "/");

        if (*word == '\0')
            continue;
        unescape(word);
        request.words[index++] = word;
    }
    serve(&request);
}

/* --- connections ------------------------------------------------------------------------------ */

/* Handles a whole request at the start of the buffer: its length, or 0 if there is none. */
static size_t take_request(struct connection *connection)
{
    char *end = memmem(connection->request, connection->length, "\r\n\r\n", 4);
    size_t head = end != NULL ? (size_t)(end - connection->request) + 4 : 0;
    const char *field = memmem(connection->request, head, "Content-Length: ", 16);
    size_t body = field != NULL ? strtoull(field + 16, NULL, 10) : 0;

    if (end == NULL || body > REQUEST || connection->length < head + body)
        return 0;
    *end = '\0';
    handle(connection->fd, connection->request, connection->request + head, body);
    return head + body;
}

/* False at its end. */
static int read_some(struct connection *connection)
{
    size_t taken;
    ssize_t part = read(connection->fd, connection->request + connection->length,
                        REQUEST + 8192 - connection->length);

    if (part <= 0)
        return 0;
    connection->length += (size_t)part;
    while ((taken = take_request(connection)) != 0) {
        connection->length -= taken;
        memmove(connection->request, connection->request + taken, connection->length);
    }
    return connection->length < REQUEST + 8192;
}

static void end_connection(int index)
{
    drop_uploads_of(connections[index].fd);
    close(connections[index].fd);
    free(connections[index].request);
    memmove(&connections[index], &connections[index + 1],
            (size_t)(--count - index) * sizeof(connections[0]));
}

static void begin_connection(int listener)
{
    const struct timeval patience = { 5, 0 };
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    char *room = fd >= 0 && count < CONNECTIONS ? malloc(REQUEST + 8193) : NULL;

    if (fd >= 0 && room == NULL)
        close(fd);
    if (room == NULL)
        return;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    connections[count++] = (struct connection){ .fd = fd, .request = room };
}

/* Older connections come first: what ended before a request came is over when it is answered. */
static void loop(int listener)
{
    struct pollfd ready[CONNECTIONS + 1];

    for (;;) {
        int now = count;
        int gone = 0;

        ready[now] = (struct pollfd){ .fd = listener, .events = POLLIN };
        for (int index = 0; index < now; index++)
            ready[index] = (struct pollfd){ .fd = connections[index].fd, .events = POLLIN };
        if (poll(ready, (nfds_t)now + 1, -1) < 0)
            exit(1);
        for (int index = 0; index < now; index++)
            if (ready[index].revents != 0 && !read_some(&connections[index - gone]))
                end_connection(index - gone++);
        if (ready[now].revents != 0)
            begin_connection(listener);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char name[sizeof(address.sun_path) + 8];
    FILE *file;
    pid_t pid;

    if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path)) {
        fputs("usage: rest-service SOCKET, a path of less than 108 bytes\n", stderr);
        return 2;
    }
    strcpy(address.sun_path, argv[1]);
    snprintf(mood_file, sizeof(mood_file), "%s.mood", argv[1]);
    snprintf(name, sizeof(name), "%s.pid", argv[1]);
    unlink(argv[1]);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(listener, 64) < 0) {
        perror(argv[1]);
        return 1;
    }
    pid = fork();
    if (pid == 0) {
        setsid();
        loop(listener);
    }
    file = pid > 0 ? fopen(name, "we") : NULL;
    if (file == NULL || fprintf(file, "%d\n", (int)pid) < 0 || fclose(file) != 0) {
        perror(name);
        return 1;
    }
    return 0;
}
