// The Linux calls that Swift's Glibc module does not show, and the macros it cannot import: a header a topic.
//
// Headers only, every function `static inline`. `_GNU_SOURCE` comes from the build (cSettings) of the targets that call
// these; a module that only sits above LinuxIO is compiled without it and sees empty headers.
#pragma once
#include "CLinuxBatches.h"
#include "CLinuxForwarding.h"
#include "CLinuxMemory.h"
#include "CLinuxNamespaces.h"
#include "CLinuxProbing.h"
#include "CLinuxProcesses.h"
#include "CLinuxSenders.h"
#include "CLinuxSignals.h"
#include "CLinuxSockets.h"
#include "CLinuxTerminals.h"
#include "CLinuxThreads.h"
#include "CLinuxUsers.h"
#include "CLinuxWaiting.h"
