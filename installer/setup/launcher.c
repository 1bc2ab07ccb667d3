/* Starts the program on Windows: Python lies in _internal, beside this executable.
 *
 * Built twice by launcher.py: with -DWINDOW for a program without a console. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define LONGEST 32767

typedef int (*py_main)(int, wchar_t **);

static int fail(const wchar_t *what, const wchar_t *path) {
    static wchar_t text[LONGEST + 200];
    swprintf(text, LONGEST + 200,
             L"%ls: %ls (error %lu). Install Transfer Learning Studio again.", what,
             path, GetLastError());
#ifdef WINDOW
    MessageBoxW(NULL, text, L"Transfer Learning Studio", MB_OK | MB_ICONERROR);
#else
    fwprintf(stderr, L"%ls\n", text);
#endif
    return 2;
}

static int run(int count, wchar_t **words) {
    static wchar_t own[LONGEST], library[LONGEST + 40], script[LONGEST + 40];
    DWORD length = GetModuleFileNameW(NULL, own, LONGEST);
    if (length == 0 || length >= LONGEST)
        return fail(L"Expected a path of this program", L"found none");
    wchar_t *slash = wcsrchr(own, L'\\');
    *slash = 0;
    swprintf(library, LONGEST + 40, L"%ls\\_internal\\" PYTHON_DLL, own);
    swprintf(script, LONGEST + 40, L"%ls\\_internal\\start.py", own);
    *slash = L'\\';
    /* What the library itself needs lies beside it. */
    HMODULE python = LoadLibraryExW(library, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (python == NULL)
        return fail(L"Expected Python, but it could not be loaded", library);
    py_main start = (py_main)(void *)GetProcAddress(python, "Py_Main");
    if (start == NULL)
        return fail(L"Expected Python, but found something else", library);
    wchar_t **told = calloc(count + 2, sizeof *told);
    if (told == NULL)
        return fail(L"Expected some memory, but there is none", library);
    told[0] = own;
    told[1] = script;
    for (int i = 1; i < count; i++)
        told[i + 1] = words[i];
    return start(count + 1, told);
}

#ifdef WINDOW
int WINAPI wWinMain(HINSTANCE own, HINSTANCE before, PWSTR line, int shown) {
    (void)own, (void)before, (void)line, (void)shown;
    return run(__argc, __wargv);
}
#else
int wmain(int count, wchar_t **words) { return run(count, words); }
#endif
