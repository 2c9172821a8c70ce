// jumping_clock: a library for LD_PRELOAD that makes a program believe in another time of day.
//
// What is added to the time of day stands in a shared page of memory that is a file, so that it can
// be changed while the program runs. As when a machine's clock is set, the monotonic clocks are as
// they were, and a thread that waits for a time of day wakes when the new clock says so: such waits
// are made in short parts, and a wait may end without a cause. Any thread.
//
//   KITH_CLOCK_PAGE   the file of the page: 8 bytes, nanoseconds, little endian
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kPart = kSecond / 50;  // of a wait: so late a jump is noticed

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

const std::atomic<int64_t>* ReadPage() {
  static const std::atomic<int64_t> none = 0;
  const char* page = getenv("KITH_CLOCK_PAGE");
  const int file = page == nullptr ? -1 : open(page, O_RDONLY | O_CLOEXEC);
  if (file < 0) return &none;
  void* const memory = mmap(nullptr, sizeof none, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return memory == MAP_FAILED ? &none : static_cast<const std::atomic<int64_t>*>(memory);
}

int64_t Added() {
  static const std::atomic<int64_t>* const added = ReadPage();
  return added->load(std::memory_order_relaxed);
}

int64_t Nanos(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

timespec Timespec(int64_t nanos) {
  timespec time;
  time.tv_sec = nanos / kSecond;
  time.tv_nsec = nanos % kSecond;
  return time;
}

// By the kernel's own call: this is asked before anything can be looked up.
int64_t RealNow() {
  timespec now;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  return Nanos(now);
}

bool IsTimeOfDay(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

// Waits until `end`, a time of day as the program believes in it, or a little while. `wait` gets
// the end of that while as the kernel believes in it, and gives whether it ended by time. True:
// `end` has come.
template <class Wait>
bool WaitInPart(const timespec& end, Wait wait) {
  const int64_t now = RealNow();
  const int64_t left = Nanos(end) - (now + Added());
  return wait(Timespec(now + (left < kPart ? left : kPart))) && left <= kPart;
}

int WaitForCondition(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* end) {
  int result = 0;
  const bool over = WaitInPart(*end, [&](const timespec& part) {
    result = Real<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
        "pthread_cond_clockwait")(condition, mutex, CLOCK_REALTIME, &part);
    return result == ETIMEDOUT;
  });
  return result == ETIMEDOUT && !over ? 0 : result;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static auto* const real = Real<int(clockid_t, timespec*)>("clock_gettime");
  const int result = real(clock, time);
  if (result == 0 && IsTimeOfDay(clock)) *time = Timespec(Nanos(*time) + Added());
  return result;
}

int gettimeofday(timeval* time, void*) noexcept {
  const int64_t now = RealNow() + Added();
  time->tv_sec = now / kSecond;
  time->tv_usec = now % kSecond / 1000;
  return 0;
}

time_t time(time_t* time) noexcept {
  const time_t now = (RealNow() + Added()) / kSecond;
  if (time != nullptr) *time = now;
  return now;
}

// Conditions that are waited for by the time of day; those made for a monotonic clock say so when
// they are made, and nothing here makes any.
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* end) {
  return WaitForCondition(condition, mutex, end);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* end) {
  if (IsTimeOfDay(clock)) return WaitForCondition(condition, mutex, end);
  return Real<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
      "pthread_cond_clockwait")(condition, mutex, clock, end);
}

// abseil waits on futexes by itself.
long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& argument : a) argument = va_arg(list, long);
  va_end(list);
  static auto* const real = Real<long(long, ...)>("syscall");
  constexpr long kByTimeOfDay = FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME;
  const auto* const end = reinterpret_cast<const timespec*>(a[3]);
  const bool is_wait = number == SYS_futex && (a[1] & ~FUTEX_PRIVATE_FLAG) == kByTimeOfDay;
  if (!is_wait || end == nullptr) return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  long result = 0;
  const bool over = WaitInPart(*end, [&](const timespec& part) {
    result = real(number, a[0], a[1], a[2], &part, a[4], a[5]);
    return result != 0 && errno == ETIMEDOUT;
  });
  if (result != 0 && errno == ETIMEDOUT && !over) errno = EINTR;
  return result;
}

}  // extern "C"
