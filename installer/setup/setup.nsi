; The setup program for Windows, for NSIS 3.08 and later.
; nsis.py passes: NAME VERSION PACKAGE COMMAND CONSOLE PUBLISHER SUMMARY TREE ICON OUT
; SIZE_KIB LONGEST COMPRESSOR.
;
;     setup.exe /S            without a window
;     setup.exe /D=C:\place   another folder; the last word, without quotes
Unicode true
ManifestDPIAware true
ManifestLongPathAware true
RequestExecutionLevel user
SetCompressor ${COMPRESSOR}

!include LogicLib.nsh
!include MUI2.nsh
!include x64.nsh

!define CLASSES "Software\Classes"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\${PACKAGE}"
!define OWN "Software\${PACKAGE}"

Name "${NAME}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\${NAME}"
InstallDirRegKey HKCU "${OWN}" "InstallDir"
BrandingText "${NAME} ${VERSION}"

VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "${NAME}: setup"
VIAddVersionKey "CompanyName" "${PUBLISHER}"
VIAddVersionKey "LegalCopyright" "Apache License 2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN "$INSTDIR\${COMMAND}.exe"
!define MUI_WELCOMEPAGE_TEXT "${SUMMARY}.$\r$\n$\r$\nIt is installed for you alone, \
needs no administrator and no network, and can be removed in Windows' settings."
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_LICENSE "${TREE}/LICENSE.txt"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"
!insertmacro MUI_LANGUAGE "SimpChinese"

; Says a sentence, also to whoever reads a silent installation's exit code, and ends.
!macro Refuse SENTENCE
  MessageBox MB_OK|MB_ICONSTOP "${SENTENCE}" /SD IDOK
  SetErrorLevel 2
  Quit
!macroend

Function .onInit
  ${IfNot} ${RunningX64}
    !insertmacro Refuse "Expected a 64-bit Windows, found a 32-bit one. TensorFlow is \
made for 64 bits only."
  ${EndIf}
FunctionEnd

; Every path must fit into 259 characters, unless Windows was told to allow more.
!macro CheckLength
  StrLen $0 "$INSTDIR"
  ReadRegDWORD $1 HKLM "SYSTEM\CurrentControlSet\Control\FileSystem" "LongPathsEnabled"
  IntOp $2 258 - ${LONGEST}
  ${If} $1 != 1
  ${AndIf} $0 > $2
    !insertmacro Refuse "Expected a folder of at most $2 characters, found $0 in \
$INSTDIR: the files in it would have longer names than Windows takes. Choose a shorter \
one."
  ${EndIf}
!macroend

; A program that runs keeps its file from being written.
!macro CheckNotRunning
  ${If} ${FileExists} "$INSTDIR\${COMMAND}.exe"
    ClearErrors
    FileOpen $0 "$INSTDIR\${COMMAND}.exe" a
    ${If} ${Errors}
      !insertmacro Refuse "${NAME} is running, or you may not write in $INSTDIR. Close \
its window and start this again."
    ${EndIf}
    FileClose $0
  ${EndIf}
!macroend

; Only what was installed: the folder may hold more than that.
!macro RemoveProgram
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\${COMMAND}.exe"
  Delete "$INSTDIR\${CONSOLE}.exe"
  Delete "$INSTDIR\LICENSE.txt"
  Delete "$INSTDIR\THIRD-PARTY-NOTICES.txt"
!macroend

Section
  !insertmacro CheckLength
  !insertmacro CheckNotRunning
  !insertmacro RemoveProgram
  SetOutPath "$INSTDIR"
  ClearErrors
  File /r "${TREE}/*"
  ${If} ${Errors}
    !insertmacro Refuse "Not every file could be written into $INSTDIR. Make room, or \
choose another folder, and start this again."
  ${EndIf}
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortCut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\${COMMAND}.exe"

  ; A project is a folder, and Windows ties programs to endings of files only: what can
  ; be had is a line in the menu of every folder, for projects and for photos.
  WriteRegStr HKCU "${CLASSES}\Directory\shell\${COMMAND}" "" "Open with ${NAME}"
  WriteRegStr HKCU "${CLASSES}\Directory\shell\${COMMAND}" "Icon" "$INSTDIR\${COMMAND}.exe"
  WriteRegStr HKCU "${CLASSES}\Directory\shell\${COMMAND}\command" "" '"$INSTDIR\${COMMAND}.exe" "%1"'

  WriteRegStr HKCU "${OWN}" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "${NAME}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\${COMMAND}.exe"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "${PUBLISHER}"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" ${SIZE_KIB}
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
SectionEnd

; Settings and projects stay: they are the person's.
Section "Uninstall"
  !insertmacro CheckNotRunning
  !insertmacro RemoveProgram
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${NAME}.lnk"
  DeleteRegKey HKCU "${CLASSES}\Directory\shell\${COMMAND}"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "${OWN}"
SectionEnd
