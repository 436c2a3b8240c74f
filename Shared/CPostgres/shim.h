#pragma once
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>  // The connections' sockets are waited for with it; Swift's Glibc module leaves it out.

// Declared by glibc for _GNU_SOURCE only, which Swift's importer does not set.
extern int pthread_setname_np(pthread_t thread, const char *name);
extern int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *limit, const sigset_t *mask);
