package compile
import ("testing";"fmt";"os";"path/filepath";"upset/npu/isa")
func TestZW(t *testing.T){
 name:=os.Getenv("NETS"); c,_:=isa.ParseConfig(os.Getenv("CFGS"))
 m:=load(t,filepath.Join(shared(t),"models",name+".tflite"))
 g,err:=lower(&m.Subgraphs[0]); if err!=nil{t.Fatal(err)}
 g.config=c; g.layout()
 g.chooseBlocks()
 g.placeFlash(); g.placeArena(2<<20); g.emit()
 for i,k:=range g.kernels{ w:=-1; if k.wbuf!=nil{w=k.wbuf.offset}; if i>=30{break}
  fmt.Println(i,k.kind(),k.ofm.h,k.ofm.w,k.ofm.d,"ifm d",k.ifm.d,fmt.Sprintf("k%dx%d",k.kh,k.kw),"blk",k.blk.h,k.blk.w,k.blk.d,"part",k.partKernel,"ib",k.blk.ibEnd,"ab",k.blk.abStart,"dep",g.blockDep(i),"ifm@",k.ifm.buf.offset,k.ifm.buf.size,"ofm@",k.ofm.buf.offset,k.ofm.buf.size,"w@",w,len(k.code.data))}
}
