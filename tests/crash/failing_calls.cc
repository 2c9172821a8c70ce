// failing_calls: a library for LD_PRELOAD that lets one system call of a program fail, once.
//
// It counts the calls that change files below one folder, each kind by itself, and fails the one
// that is asked for. What it counted, and what it did, stands in a shared page of memory that is a
// file, so it can be read while the program runs and after it died. Any thread.
//
//   KITH_FAIL_FOLDER  files below it count, others pass
//   KITH_FAIL_PAGE    the file of the page, at least kPageBytes long
//   KITH_FAIL_TRACE   a file to which each call that counts adds a line: CALL NUMBER PATH; may be
//   unset KITH_FAIL_CALL    CALL:NUMBER:ERROR, as fsync:7:EIO; unset: only count. The errors:
//   ENOSPC, EIO,
//                     EMFILE, SHORT (half of the bytes are written), TORN (half of the bytes are
//                     written, and the next write to that file says ENOSPC)
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

// In the order of the page; crash/attack/faults.py has the same list.
enum Call {
  kOpen,      // for writing
  kOpenRead,  // for reading, of files and folders
  kWrite,
  kPwrite,
  kFsync,
  kFdatasync,
  kSyncFileRange,
  kFtruncate,
  kFallocate,
  kRename,
  kUnlink,
  kMkdir,
  kLink,
  kMmap,  // shared and for writing
  kCallCount
};
constexpr const char* kNames[kCallCount] = {
    "open",      "open_read", "write",  "pwrite", "fsync", "fdatasync", "sync_file_range",
    "ftruncate", "fallocate", "rename", "unlink", "mkdir", "link",      "mmap"};

constexpr size_t kPageBytes = 4096;
constexpr int kShort = -1;
constexpr int kTorn = -2;

struct Page {
  std::atomic<uint64_t> counts[kCallCount];
  std::atomic<uint64_t> failed;  // 1 once the call has failed
  char path[1024];               // of the file it was about
};

struct Plan {
  char folder[PATH_MAX] = "";
  size_t folder_size = 0;
  Page* page = nullptr;
  int trace = -1;  // a file, or none
  int call = kCallCount;
  uint64_t number = 0;
  int error = 0;
};

// The next write to this file fails; -1: none does.
std::atomic<int> torn_file = -1;

int ErrorOf(const char* name) {
  if (strcmp(name, "ENOSPC") == 0) return ENOSPC;
  if (strcmp(name, "EIO") == 0) return EIO;
  if (strcmp(name, "EMFILE") == 0) return EMFILE;
  if (strcmp(name, "SHORT") == 0) return kShort;
  if (strcmp(name, "TORN") == 0) return kTorn;
  fprintf(stderr, "failing_calls: %s is no error\n", name);
  _exit(2);
}

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// By the kernel's own call: allocators map memory before anything can be looked up.
void* Map(void* at, size_t size, int protection, int flags, int file, off_t from) {
  return reinterpret_cast<void*>(syscall(SYS_mmap, at, size, protection, flags, file, from));
}

Plan ReadPlan() {
  Plan plan;
  const char* folder = getenv("KITH_FAIL_FOLDER");
  const char* page = getenv("KITH_FAIL_PAGE");
  if (folder == nullptr || page == nullptr) return plan;
  snprintf(plan.folder, sizeof plan.folder, "%s", folder);
  plan.folder_size = strlen(plan.folder);
  const int file = Real<int(const char*, int, ...)>("open")(page, O_RDWR | O_CLOEXEC);
  if (file < 0) return plan;
  void* memory = Map(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  Real<decltype(close)>("close")(file);
  if (memory == MAP_FAILED) return plan;
  plan.page = static_cast<Page*>(memory);
  if (const char* trace = getenv("KITH_FAIL_TRACE"); trace != nullptr) {
    plan.trace = Real<int(const char*, int, ...)>("open")(
        trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  }
  char call[32], error[16];
  unsigned long long number = 0;
  const char* wanted = getenv("KITH_FAIL_CALL");
  if (wanted == nullptr || sscanf(wanted, "%31[^:]:%llu:%15s", call, &number, error) != 3) {
    return plan;
  }
  for (int i = 0; i < kCallCount; ++i) {
    if (strcmp(call, kNames[i]) == 0) plan.call = i;
  }
  plan.number = number;
  plan.error = ErrorOf(error);
  return plan;
}

const Plan& ThePlan() {
  static const Plan plan = ReadPlan();
  return plan;
}

bool IsBelow(const char* path, const Plan& plan) {
  return strncmp(path, plan.folder, plan.folder_size) == 0 &&
         (path[plan.folder_size] == '/' || path[plan.folder_size] == '\0');
}

// The path of an open file; empty where it has none.
void PathOf(int file, char (&path)[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  path[size < 0 ? 0 : size] = '\0';
}

// Counts a call about the file at `path`. 0: let it be made; else what is wrong with it.
int Count(Call call, const char* path) {
  const Plan& plan = ThePlan();
  if (plan.page == nullptr || path == nullptr || !IsBelow(path, plan)) return 0;
  const uint64_t number = plan.page->counts[call].fetch_add(1) + 1;
  if (plan.trace >= 0) {
    dprintf(plan.trace, "%s %llu %s\n", kNames[call], static_cast<unsigned long long>(number),
            path + plan.folder_size);
  }
  if (call != plan.call || number != plan.number) return 0;
  snprintf(plan.page->path, sizeof plan.page->path, "%s", path + plan.folder_size);
  plan.page->failed = 1;
  return plan.error;
}

int Count(Call call, int file) {
  if (ThePlan().page == nullptr) return 0;
  char path[PATH_MAX];
  PathOf(file, path);
  return Count(call, path);
}

int Fail(int error) {
  errno = error;
  return -1;
}

// A write of `size` bytes by `write(size)`, whole, in part or not at all.
template <class Write>
ssize_t CountedWrite(Call call, int file, size_t size, Write write) {
  if (torn_file == file) {
    torn_file = -1;
    return Fail(ENOSPC);
  }
  const int error = Count(call, file);
  if (error > 0) return Fail(error);
  if (error == kTorn) torn_file = file;
  return write(error == 0 || size < 2 ? size : size / 2);
}

int CountedOpen(const char* path, int flags, mode_t mode, const char* name) {
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
  const int error = Count(writes ? kOpen : kOpenRead, path);
  if (error > 0) return Fail(error);
  return Real<int(const char*, int, ...)>(name)(path, flags, mode);
}

int CountedOpenAt(int folder, const char* path, int flags, mode_t mode, const char* name) {
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
  char at[PATH_MAX] = "";
  if (path[0] != '/' && folder != AT_FDCWD) PathOf(folder, at);
  char whole[2 * PATH_MAX];
  snprintf(whole, sizeof whole, "%s%s%s", at, at[0] == '\0' ? "" : "/", path);
  const int error = Count(writes ? kOpen : kOpenRead, whole);
  if (error > 0) return Fail(error);
  return Real<int(int, const char*, int, ...)>(name)(folder, path, flags, mode);
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

template <class Make>
int Counted(int error, Make make) {
  return error > 0 ? Fail(error) : make();
}

}  // namespace

#define KITH_OPEN(NAME)                           \
  int NAME(const char* path, int flags, ...) {    \
    va_list arguments;                            \
    va_start(arguments, flags);                   \
    const mode_t mode = ModeOf(flags, arguments); \
    va_end(arguments);                            \
    return CountedOpen(path, flags, mode, #NAME); \
  }
#define KITH_OPENAT(NAME)                                   \
  int NAME(int folder, const char* path, int flags, ...) {  \
    va_list arguments;                                      \
    va_start(arguments, flags);                             \
    const mode_t mode = ModeOf(flags, arguments);           \
    va_end(arguments);                                      \
    return CountedOpenAt(folder, path, flags, mode, #NAME); \
  }

extern "C" {

KITH_OPEN(open)
KITH_OPEN(open64)
KITH_OPENAT(openat)
KITH_OPENAT(openat64)
int creat(const char* path, mode_t mode) {
  return CountedOpen(path, O_CREAT | O_WRONLY | O_TRUNC, mode, "open");
}

ssize_t write(int file, const void* bytes, size_t size) {
  static auto* const real = Real<decltype(write)>("write");
  return CountedWrite(kWrite, file, size, [&](size_t part) { return real(file, bytes, part); });
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  static auto* const real = Real<decltype(pwrite)>("pwrite");
  return CountedWrite(kPwrite, file, size,
                      [&](size_t part) { return real(file, bytes, part, at); });
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  return pwrite(file, bytes, size, at);
}
// Of several pieces the first is written in part.
ssize_t writev(int file, const iovec* pieces, int count) {
  static auto* const real = Real<decltype(writev)>("writev");
  return CountedWrite(kWrite, file, pieces[0].iov_len, [&](size_t part) {
    return part == pieces[0].iov_len ? real(file, pieces, count)
                                     : write(file, pieces[0].iov_base, part);
  });
}
ssize_t pwritev(int file, const iovec* pieces, int count, off_t at) {
  static auto* const real = Real<decltype(pwritev)>("pwritev");
  return CountedWrite(kPwrite, file, pieces[0].iov_len, [&](size_t part) {
    return part == pieces[0].iov_len ? real(file, pieces, count, at)
                                     : pwrite(file, pieces[0].iov_base, part, at);
  });
}

int fsync(int file) {
  static auto* const real = Real<decltype(fsync)>("fsync");
  return Counted(Count(kFsync, file), [&] { return real(file); });
}
int fdatasync(int file) {
  static auto* const real = Real<decltype(fdatasync)>("fdatasync");
  return Counted(Count(kFdatasync, file), [&] { return real(file); });
}
int sync_file_range(int file, off64_t from, off64_t size, unsigned int flags) {
  static auto* const real = Real<decltype(sync_file_range)>("sync_file_range");
  return Counted(Count(kSyncFileRange, file), [&] { return real(file, from, size, flags); });
}
int ftruncate(int file, off_t size) noexcept {
  static auto* const real = Real<int(int, off_t)>("ftruncate");
  return Counted(Count(kFtruncate, file), [&] { return real(file, size); });
}
int ftruncate64(int file, off64_t size) noexcept { return ftruncate(file, size); }
int truncate(const char* path, off_t size) noexcept {
  static auto* const real = Real<int(const char*, off_t)>("truncate");
  return Counted(Count(kFtruncate, path), [&] { return real(path, size); });
}
int truncate64(const char* path, off64_t size) noexcept { return truncate(path, size); }
int fallocate(int file, int mode, off_t from, off_t size) {
  static auto* const real = Real<decltype(fallocate)>("fallocate");
  return Counted(Count(kFallocate, file), [&] { return real(file, mode, from, size); });
}
int fallocate64(int file, int mode, off64_t from, off64_t size) {
  return fallocate(file, mode, from, size);
}
// Answers its error instead of setting it.
int posix_fallocate(int file, off_t from, off_t size) {
  static auto* const real = Real<decltype(posix_fallocate)>("posix_fallocate");
  const int error = Count(kFallocate, file);
  return error > 0 ? error : real(file, from, size);
}

// Counted by the new name.
int rename(const char* from, const char* to) noexcept {
  static auto* const real = Real<int(const char*, const char*)>("rename");
  return Counted(Count(kRename, to), [&] { return real(from, to); });
}
int unlink(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("unlink");
  return Counted(Count(kUnlink, path), [&] { return real(path); });
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  static auto* const real = Real<int(int, const char*, int)>("unlinkat");
  char at[PATH_MAX] = "";
  if (path[0] != '/' && folder != AT_FDCWD) PathOf(folder, at);
  char whole[2 * PATH_MAX];
  snprintf(whole, sizeof whole, "%s%s%s", at, at[0] == '\0' ? "" : "/", path);
  return Counted(Count(kUnlink, whole), [&] { return real(folder, path, flags); });
}
int remove(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("remove");
  return Counted(Count(kUnlink, path), [&] { return real(path); });
}
int rmdir(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("rmdir");
  return Counted(Count(kUnlink, path), [&] { return real(path); });
}
int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const real = Real<int(const char*, mode_t)>("mkdir");
  return Counted(Count(kMkdir, path), [&] { return real(path, mode); });
}
int link(const char* from, const char* to) noexcept {
  static auto* const real = Real<int(const char*, const char*)>("link");
  return Counted(Count(kLink, to), [&] { return real(from, to); });
}

void* mmap(void* at, size_t size, int protection, int flags, int file, off_t from) noexcept {
  const bool writes = file >= 0 && (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0;
  const int error = writes ? Count(kMmap, file) : 0;
  if (error <= 0) return Map(at, size, protection, flags, file, from);
  errno = error;
  return MAP_FAILED;
}

}  // extern "C"
