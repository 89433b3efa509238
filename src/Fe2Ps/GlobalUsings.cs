// PowerShell has a Job of its own; here the word means a script job.
global using Job = Fe2Ps.Core.Scripts.Job;
