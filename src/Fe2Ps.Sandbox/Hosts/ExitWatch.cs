using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Tells when processes end that are not our children: one thread waits on all their handles, so nothing is polled.</summary>
internal sealed partial class ExitWatch : IDisposable
{
    private const int Add = 1;
    private const int Remove = 2;
    private const uint Readable = 1;

    private readonly SafeFileHandle _epoll = new(epoll_create1(0x80000), ownsHandle: true);
    private readonly SafeFileHandle _wake = new(eventfd(0, 0x80000), ownsHandle: true);
    private readonly ConcurrentDictionary<long, (SafeFileHandle Process, Action Ended)> _watched = new();
    private readonly Thread _thread;
    private long _last;
    private volatile bool _closing;

    public ExitWatch()
    {
        Control(Add, _wake, 0);
        _thread = new Thread(Wait) { IsBackground = true, Name = "exit watch" };
        _thread.Start();
    }

    /// <summary>Calls <paramref name="ended"/> once, on a pool thread, when the process ends. The handle stays the caller's, who keeps it open until then.</summary>
    public void Watch(SafeFileHandle process, Action ended)
    {
        var number = Interlocked.Increment(ref _last);
        _watched[number] = (process, ended);
        Control(Add, process, number);
    }

    public void Dispose()
    {
        if (_closing)
            return;
        _closing = true;
        // A counter of one makes the event readable, which ends the wait.
        RandomAccess.Write(_wake, BitConverter.GetBytes(1L), 0);
        _thread.Join();
        _epoll.Dispose();
        _wake.Dispose();
    }

    private void Wait()
    {
        while (!_closing)
        {
            // One at a time: the length of an entry, and so of an array of them, differs by architecture.
            var happened = default(Event);
            if (epoll_wait(_epoll, ref happened, 1, -1) != 1 || !_watched.TryRemove(happened.Number, out var watched))
                continue;
            Control(Remove, watched.Process, 0);
            ThreadPool.QueueUserWorkItem(static ended => ended(), watched.Ended, preferLocal: false);
        }
    }

    private void Control(int operation, SafeFileHandle file, long number)
    {
        var wanted = new Event { Events = Readable, Number = number };
        if (epoll_ctl(_epoll, operation, file, ref wanted) != 0)
            throw new IOException($"epoll_ctl: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Packed on x86-64 only: there the number is at offset 4, elsewhere at 8.</summary>
    private struct Event
    {
        private uint _events;
        private uint _first;
        private uint _second;
        private uint _third;

        private static bool IsPacked => RuntimeInformation.ProcessArchitecture == Architecture.X64;

        public uint Events
        {
            set => _events = value;
        }

        public long Number
        {
            readonly get => IsPacked ? (long)(((ulong)_second << 32) | _first) : (long)(((ulong)_third << 32) | _second);
            set
            {
                (var low, var high) = ((uint)value, (uint)(value >> 32));
                (_first, _second, _third) = IsPacked ? (low, high, 0u) : (0u, low, high);
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(SafeFileHandle epoll, int operation, SafeFileHandle file, ref Event wanted);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(SafeFileHandle epoll, ref Event happened, int count, int timeout);
}
